import type { Pool } from '@harbor/pool'
import { describe, expect, it, vi } from 'vitest'
import type { LegExchange } from '../call/exchange.ts'
import { poolTransport } from './transport.ts'

/** The socket timeouts for an exchange with these stream clocks. */
async function limitsFor(
  streaming: boolean,
  timeouts = {},
  target = {},
  remainingMs = 9_000.5,
): Promise<object | undefined> {
  const fetch = vi.fn<typeof globalThis.fetch>(async () => new Response())
  const exchange = {
    url: 'http://provider/v1',
    streaming,
    perCall: { timeouts },
    leg: { target },
    policy: { firstTokenMs: 300_000, idleMs: 120_000 },
  } as unknown as LegExchange
  const attempt = { number: 1, signal: new AbortController().signal, remainingMs }
  await poolTransport({ fetch } as unknown as Pool)(exchange, attempt)
  return fetch.mock.calls[0]?.[1]
}

describe('poolTransport', () => {
  it('limits the silence of a body that is read whole to more than the rest of the call, and not to less than that of a stream', async () => {
    expect(await limitsFor(false, {}, {}, 900_000.5)).toMatchObject({ bodyIdleTimeoutMs: 960_001 })
    expect(await limitsFor(false)).toMatchObject({ bodyIdleTimeoutMs: 360_000 })
  })

  it.each([true, false])(
    'leaves the end of the wait for an answer to the attempt (stream: %s)',
    async (streaming) => {
      expect(await limitsFor(streaming)).toMatchObject({ deadlineMs: Infinity })
    },
  )

  it.each([
    ['the defaults', {}, {}, 360_000],
    ['clocks of the target', {}, { firstTokenMs: 60_000, idleMs: 900_000 }, 960_000],
    ['clocks of the call', { firstTokenMs: 600_000, idleMs: 600_000 }, { idleMs: 900_000 }, 660_000],
    ['short clocks', { firstTokenMs: 30, idleMs: 30 }, {}, 60_030],
    ['no idle clock', { idleMs: Infinity }, {}, 2 ** 31 - 1],
  ])('limits the silence of a stream to more than its own clocks: %s', async (_, asked, target, netMs) => {
    expect(await limitsFor(true, asked, target)).toMatchObject({ bodyIdleTimeoutMs: netMs })
  })
})
