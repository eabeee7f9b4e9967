import { getEventListeners } from 'node:events'
import type { Fault } from '@harbor/simulator'
import { describe, expect, it } from 'vitest'
import type { HarborFetch, HarborFetchOptions } from '../../src/index.ts'
import { status } from '../helpers/expect-failure.ts'
import { twoProviders, type TwoProviders } from '../helpers/two-providers.ts'
import { ANTHROPIC } from './anthropic.ts'
import { GEMINI } from './gemini.ts'
import { clientOf } from './vendor.ts'

/** What happens at the moment when the caller aborts. */
interface Phase {
  readonly what: string
  readonly primary: Fault
  readonly backup?: Fault
  readonly options?: HarborFetchOptions
  /** Resolves when the phase is reached. */
  readonly reached: (pair: TwoProviders, harborFetch: HarborFetch) => Promise<unknown>
  /** Requests that have been sent by then. */
  readonly calls: readonly [primary: number, backup: number]
}

const HANG: Fault = { type: 'hang' }
const untilRetry = (_: TwoProviders, harborFetch: HarborFetch): Promise<unknown> =>
  new Promise((resolve) => harborFetch.on('retry', resolve))

const PHASES: readonly Phase[] = [
  { what: 'the primary has not answered', primary: HANG, reached: inFlight('primary'), calls: [1, 0] },
  {
    what: 'the primary is about to be tried again',
    primary: status(500),
    options: { retry: { baseDelayMs: 30_000, jitter: false } },
    reached: untilRetry,
    calls: [1, 0],
  },
  {
    what: 'the backup has not answered',
    primary: status(500),
    backup: HANG,
    reached: inFlight('backup'),
    calls: [2, 1],
  },
  {
    what: 'the backup has sent half of its body',
    primary: status(401),
    backup: { type: 'stream-stall', afterEvents: 0, inside: true },
    reached: inFlight('backup'),
    calls: [1, 1],
  },
  {
    what: 'the backup is about to be tried again',
    primary: status(401),
    backup: status(429, { retryAfter: 30_000 }),
    reached: untilRetry,
    calls: [1, 1],
  },
  {
    what: 'the two of them race',
    primary: HANG,
    backup: HANG,
    options: { hedge: { afterMs: 1, maxExtraRatio: 1 } },
    reached: (pair) => Promise.all([inFlight('primary')(pair), inFlight('backup')(pair)]),
    calls: [1, 1],
  },
]

describe.each(
  [ANTHROPIC, GEMINI].flatMap((vendor) =>
    (['JSON', 'stream'] as const).map((form) => ({ vendor, form, name: vendor.name })),
  ),
)("an abort by the caller of $name's SDK ($form)", ({ vendor, form }) => {
  it.each(PHASES)(
    'while $what ends the call, sends nothing more and leaves nothing behind',
    async (phase) => {
      const { primary, backup, options, reached, calls } = phase
      const pair = await twoProviders(
        { rules: [{ fault: primary }] },
        backup ? { rules: [{ fault: backup }] } : {},
      )
      const client = clientOf(vendor, pair.primary, {
        providers: {
          backup: { kind: vendor.kind, apiKey: 'key', baseURL: vendor.baseURL(pair.backup.baseURL) },
        },
        fallback: [`backup/${vendor.model}`],
        ...options,
      })
      const controller = new AbortController()
      const called = client.call(form, controller.signal)
      await reached(pair, client.harborFetch)

      controller.abort()
      const { chunks, error, receipt } = await called

      expect(chunks).toEqual([])
      expect(error).toBeInstanceOf(Error)
      expect(receipt?.outcome).toBe('aborted')
      expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
      await Promise.all([pair.primary.whenIdle(), pair.backup.whenIdle()])
      expect([pair.primary.counts().calls, pair.backup.counts().calls]).toEqual(calls)
      expect(client.harborFetch.stats()).toMatchObject({ calls: 1, availability: 1 })
    },
  )
})

function inFlight(name: 'primary' | 'backup'): (pair: TwoProviders) => Promise<void> {
  return async (pair) => {
    while (pair[name].counts().inFlight === 0) await new Promise((resolve) => setTimeout(resolve, 1))
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
