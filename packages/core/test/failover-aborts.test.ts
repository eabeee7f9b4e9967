import { getEventListeners } from 'node:events'
import type { Fault } from '@harbor/simulator'
import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { receiptOf, type Harbor, type HarborOptions } from '../src/index.ts'
import { status } from './helpers/expect-failure.ts'
import { twoProviders, type TwoProviders } from './helpers/two-providers.ts'
import { harborFor } from './helpers/harbor-for.ts'

type Api = 'chat' | 'responses'

/** What goes on at the moment when the caller leaves. */
interface Phase {
  readonly what: string
  readonly primary: Fault
  readonly backup?: Fault
  readonly only?: 'JSON' | 'stream'
  readonly options?: HarborOptions
  /** The function of the caller that is called, and never resolves. */
  readonly silent?: 'key' | 'last resort'
  /** Resolves when the phase is reached; without it, when the caller's function is called. */
  readonly reached?: (pair: TwoProviders, harbor: Harbor) => Promise<unknown>
  /** Requests that have been sent by then. */
  readonly calls: readonly [primary: number, backup: number]
}

const HANG: Fault = { type: 'hang' }
const HALF_A_BODY: Fault = { type: 'stream-stall', afterEvents: 0, inside: true }
const LONG: HarborOptions = { retry: { baseDelayMs: 30_000, jitter: false } }

const PHASES: readonly Phase[] = [
  { what: 'the primary has not answered', primary: HANG, reached: inFlight('primary'), calls: [1, 0] },
  {
    what: 'the primary is about to be tried again',
    primary: status(500),
    options: LONG,
    reached: (_, harbor) => new Promise((resolve) => harbor.on('retry', resolve)),
    calls: [1, 0],
  },
  {
    what: 'the key for the backup is being fetched',
    primary: status(500),
    silent: 'key',
    calls: [2, 0],
  },
  {
    what: 'the key for the backup is being fetched, and nothing is repeated',
    primary: status(500),
    silent: 'key',
    options: { maxRetries: 0, retry: undefined },
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
    backup: HALF_A_BODY,
    reached: inFlight('backup'),
    calls: [1, 1],
  },
  {
    what: 'the backup is about to be tried again',
    primary: status(401),
    backup: status(429, { retryAfter: 30_000 }),
    reached: (_, harbor) => new Promise((resolve) => harbor.on('retry', resolve)),
    calls: [1, 1],
  },
  {
    what: 'the two of them race',
    primary: HANG,
    backup: HANG,
    options: { hedge: { afterMs: 1, maxExtraRatio: 1 } },
    reached: async (pair) => Promise.all([inFlight('primary')(pair), inFlight('backup')(pair)]),
    calls: [1, 1],
  },
  {
    what: 'the last resort is being asked',
    primary: status(401),
    backup: status(401),
    silent: 'last resort',
    calls: [1, 1],
  },
]

describe.each<[Api, 'JSON' | 'stream']>([
  ['chat', 'JSON'],
  ['chat', 'stream'],
  ['responses', 'JSON'],
  ['responses', 'stream'],
])('an abort by the caller of %s (%s)', (api, form) => {
  it.each(PHASES)(
    'while $what ends the call at once, sends nothing more and leaves nothing behind',
    async (phase) => {
      const { primary, backup: fault, silent, options, reached, calls } = phase
      const pair = await twoProviders({ rules: [{ fault: primary }] }, fault ? { rules: [{ fault }] } : {})
      const asked = Promise.withResolvers<undefined>()
      const neverAnswers = (): Promise<never> => {
        asked.resolve(undefined)
        return new Promise(() => undefined)
      }
      const apiKey = silent === 'key' ? neverAnswers : 'backup-key'
      const harbor = harborFor(pair.primary, {
        ...pair.options,
        providers: { backup: { apiKey, baseURL: pair.backup.baseURL } },
        ...(silent === 'last resort' && { lastResort: neverAnswers }),
        ...options,
      })
      const controller = new AbortController()
      const answer = create(harbor, api, form === 'stream', controller.signal)
      await Promise.race([reached?.(pair, harbor) ?? asked.promise, answer])

      controller.abort()
      expect(await settlesWithinATick(answer)).toBe(true)

      const error: unknown = await answer.catch((error: unknown) => error)
      expect(error).toBeInstanceOf(OpenAI.APIUserAbortError)
      expect(receiptOf(error)).toBeUndefined()
      expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
      await Promise.all([pair.primary.whenIdle(), pair.backup.whenIdle()])
      expect([pair.primary.counts().calls, pair.backup.counts().calls]).toEqual(calls)
      expect(harbor.stats()).toMatchObject({ calls: 1, availability: 1 })
      expect(Object.values(harbor.stats().pool).map(({ busy, queued }) => busy + queued)).not.toContain(1)
    },
  )
})

describe.each<Api>(['chat', 'responses'])('an abort by the caller of %s while the backup streams', (api) => {
  it('keeps the events so far, and closes the connection to the backup', async () => {
    const stall: Fault = { type: 'stream-stall', afterEvents: 7 }
    const pair = await twoProviders({ rules: [{ fault: status(500) }] }, { rules: [{ fault: stall }] })
    const harbor = harborFor(pair.primary, pair.options)
    const controller = new AbortController()
    const stream = (await create(harbor, api, true, controller.signal)) as AsyncIterable<unknown>
    let events = 0
    for await (const _ of stream) if (++events === 7) controller.abort()

    await pair.backup.whenIdle()
    expect(events).toBe(7)
    expect(pair.backup.counts()).toMatchObject({ calls: 1, aborts: 1, connections: { open: 0 } })
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
    expect(harbor.stats()).toMatchObject({ calls: 1, availability: 1 })
  })
})

function create(harbor: Harbor, api: Api, stream: boolean, signal: AbortSignal): Promise<unknown> {
  const model = 'gpt-4'
  return Promise.resolve(
    api === 'chat'
      ? harbor.chat.completions.create(
          { model, messages: [{ role: 'user', content: 'Hi.' }], stream },
          { signal },
        )
      : harbor.responses.create({ model, input: 'Hi.', stream }, { signal }),
  )
}

function inFlight(name: 'primary' | 'backup'): (pair: TwoProviders) => Promise<void> {
  return async (pair) => {
    while (pair[name].counts().inFlight === 0) await new Promise((resolve) => setTimeout(resolve, 1))
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** Whether a promise settles within one turn of the event loop. */
async function settlesWithinATick(promise: Promise<unknown>): Promise<boolean> {
  const turn = new Promise((resolve) => setImmediate(resolve, 'late'))
  return (await Promise.race([promise.catch(() => 'settled'), turn])) === 'settled'
}
