import type { Fault } from '@harbor/simulator'
import { describe, expect, it } from 'vitest'
import { perCall, type CallFailure, type HarborOptions, type Receipt } from '../src/index.ts'
import { status } from './helpers/expect-failure.ts'
import { harborFor, HELLO, simulate } from './helpers/harbor-for.ts'

/** Makes a call that fails, or whose stream does. @returns its receipt */
async function failed(fault: Fault | undefined, options: HarborOptions, stream = false): Promise<Receipt> {
  const provider = await simulate()
  if (fault) provider.script({ rules: [{ fault }] })
  const harbor = harborFor(provider, { retry: false, ...options })
  return new Promise((resolve) => {
    const request = perCall({ onReceipt: resolve })
    const read = async (): Promise<void> => {
      if (!stream) await harbor.chat.completions.create(HELLO, request)
      else for await (const _chunk of await harbor.chat.completions.create({ ...HELLO, stream }, request));
    }
    read().catch(() => undefined)
  })
}

describe('the failure of a receipt', () => {
  it.each<[string, Fault | undefined, HarborOptions, Partial<CallFailure>]>([
    ['status 503', status(503), {}, { kind: 'server', status: 503, clock: undefined }],
    ['a timeout', { type: 'hang' }, { timeouts: { attemptMs: 20 } }, { kind: 'timeout', clock: 'attempt' }],
    ['the total time', { type: 'hang' }, { timeout: 20 }, { kind: 'timeout', clock: 'total' }],
    [
      'a refusal',
      undefined,
      { spendLimit: { usd: 1e-9, per: 'day' } },
      { kind: 'refused', code: 'spend_limit' },
    ],
  ])('says why the call failed, sent or not: %s', async (_, fault, options, failure) => {
    const receipt = await failed(fault, options)
    expect(receipt).toMatchObject({ outcome: 'failure', failure })
    const last = receipt.attempts.at(-1)?.failure
    if (last) expect([last.kind, last.clock]).toEqual([receipt.failure?.kind, receipt.failure?.clock])
  })

  it('says how a stream broke', async () => {
    const receipt = await failed({ type: 'stream-cut', afterEvents: 4 }, {}, true)
    expect(receipt.failure).toMatchObject({ kind: 'stream', code: 'stream_incomplete' })
  })

  it('names the timeout until the first content', async () => {
    const options = { timeouts: { firstTokenMs: 20 } }
    const receipt = await failed({ type: 'stream-slow-first', ms: 60_000 }, options, true)
    expect(receipt.failure).toMatchObject({ kind: 'timeout', clock: 'first-token' })
  })

  it('is undefined for a call that succeeded or was aborted', async () => {
    expect((await failed(undefined, {})).failure).toBeUndefined()
  })
})
