import type { Fault, SimulatedProvider } from '@harbor/simulator'
import { describe, expect, it } from 'vitest'
import { consecutive, type HarborOptions } from '../src/index.ts'
import { status } from './helpers/expect-failure.ts'
import { HELLO } from './helpers/harbor-for.ts'
import { harborWithBackup } from './helpers/two-providers.ts'

// How often a target is tried again is tested in failure-table.test.ts, and which target takes over in failover.test.ts.

/** What the primary does with one call, and what becomes of the primary then. */
interface Row {
  readonly after: string
  readonly fault?: Fault
  readonly stream?: true
  readonly prepare?: (primary: SimulatedProvider) => Promise<unknown>
  readonly options?: HarborOptions
  readonly then: 'opens its circuit' | 'is in cooldown' | 'stays available'
  readonly leftOut: string | undefined
}

const opens = { then: 'opens its circuit', leftOut: 'its circuit is open' } as const
const stays = { then: 'stays available', leftOut: undefined } as const
const inCooldown = (leftOut: string) => ({ then: 'is in cooldown', leftOut }) as const
const credential = inCooldown('its credential was refused or is used up')

const ROWS: readonly Row[] = [
  { after: 'a refused connection', prepare: (primary) => primary.down(), ...opens },
  {
    after: 'a connection reset before the answer',
    fault: { type: 'reset', when: 'before-headers' },
    ...opens,
  },
  { after: 'a shortage of sockets in this process', options: { fetch: withoutSockets }, ...stays },
  { after: 'a 400', fault: status(400), ...stays },
  {
    after: 'a request that it cannot express',
    fault: status(400, { code: 'unsupported_by_model' }),
    ...stays,
  },
  { after: 'a request that is too long', fault: status(400, { code: 'context_length_exceeded' }), ...stays },
  { after: 'a refused content', fault: status(400, { code: 'content_filter' }), ...stays },
  { after: 'a 401', fault: status(401), ...credential },
  { after: 'a used-up quota', fault: status(429, { code: 'insufficient_quota' }), ...credential },
  { after: 'a 404', fault: status(404), ...inCooldown('it does not have the model') },
  { after: 'a 408', fault: status(408), ...opens },
  { after: 'a 409', fault: status(409), ...stays },
  {
    after: 'a 429',
    fault: status(429, { retryAfter: 60_000 }),
    ...inCooldown('its rate limit was reached'),
  },
  {
    after: 'a refusal by a service tier that the request does not name',
    fault: { type: 'tier-unavailable' },
    ...stays,
  },
  { after: 'a 529', fault: status(529), ...opens },
  { after: 'a 500', fault: status(500), ...opens },
  { after: 'a malformed answer', fault: { type: 'html-200' }, ...opens },
  {
    after: 'a stream cut before its first content',
    fault: { type: 'stream-cut', afterEvents: 1 },
    stream: true,
    ...opens,
  },
  {
    after: 'a stream cut after its first content',
    fault: { type: 'stream-cut', afterEvents: 7 },
    stream: true,
    ...opens,
  },
  { after: 'a complete stream', stream: true, ...stays },
]

describe('a target', () => {
  it.each(ROWS)('$then after $after', async ({ fault, stream, prepare, options, leftOut }) => {
    const { primary, harbor } = await harborWithBackup({ breaker: { trip: consecutive(1) }, ...options })
    if (fault) primary.script({ rules: [{ fault }] })
    await prepare?.(primary)
    try {
      if (stream) for await (const _ of await harbor.chat.completions.create({ ...HELLO, stream }));
      else await harbor.chat.completions.create(HELLO)
    } catch {
      // whether the call succeeds depends on the backup
    }
    expect(harbor.explain(HELLO).targets[0]).toMatchObject({ name: 'openai/gpt-4', leftOut })
  })

  it('stays available after an abort by the caller', async () => {
    const { primary, harbor } = await harborWithBackup({ breaker: { trip: consecutive(1) } })
    primary.script({ rules: [{ fault: { type: 'hang' } }] })
    const controller = new AbortController()
    const call = harbor.chat.completions.create(HELLO, { signal: controller.signal })
    await expect.poll(() => primary.counts().inFlight).toBe(1)
    controller.abort()
    await expect(call).rejects.toThrow()
    expect(harbor.explain(HELLO).targets[0]?.leftOut).toBeUndefined()
  })
})

function withoutSockets(): Promise<Response> {
  const cause = Object.assign(new Error('connect EMFILE'), { code: 'EMFILE', syscall: 'connect' })
  return Promise.reject(new TypeError('fetch failed', { cause }))
}
