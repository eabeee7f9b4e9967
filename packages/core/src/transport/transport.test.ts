import type { Pool } from '@harbor/pool'
import { describe, expect, it, vi } from 'vitest'
import type { LegExchange } from '../call/exchange.ts'
import { poolTransport } from './transport.ts'

/** The limits that a socket gets for an exchange whose stream may be silent for so long. */
async function limitsFor(streaming: boolean, timeouts = {}, target = {}): Promise<object | undefined> {
  const fetch = vi.fn<typeof globalThis.fetch>(async () => new Response())
  const exchange = {
    url: 'http://provider/v1',
    streaming,
    asked: { timeouts },
    leg: { target },
    policy: { firstTokenMs: 300_000, idleMs: 120_000 },
  } as unknown as LegExchange
  const attempt = { number: 1, signal: new AbortController().signal, remainingMs: 9_000.5 }
  await poolTransport({ fetch } as unknown as Pool)(exchange, attempt)
  return fetch.mock.calls[0]?.[1]
}

describe('poolTransport', () => {
  it('gives a body that is read whole the time that its call has left, and a second in which the call says so itself', async () => {
    expect(await limitsFor(false)).toMatchObject({ deadlineMs: 10_001, bodyIdleTimeoutMs: 10_001 })
  })

  it.each([
    ['everybody has', {}, {}, 360_000],
    ['its target has', {}, { firstTokenMs: 60_000, idleMs: 900_000 }, 960_000],
    ['its call asks for', { firstTokenMs: 600_000, idleMs: 600_000 }, { idleMs: 900_000 }, 660_000],
    ['is short', { firstTokenMs: 30, idleMs: 30 }, {}, 60_030],
    ['does not end', { idleMs: Infinity }, {}, 2 ** 31 - 1],
  ])(
    'cuts no stream off before its own clocks can tell why: the silence that %s',
    async (_, asked, target, netMs) => {
      expect(await limitsFor(true, asked, target)).toMatchObject({ bodyIdleTimeoutMs: netMs })
    },
  )
})
