import type { ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import {
  APIConnectionTimeoutError,
  receiptOf,
  type Fleet,
  type FleetMoney,
  type Harbor,
} from '../src/index.ts'
import { failureOf } from './helpers/expect-failure.ts'
import { chunk, events } from './helpers/fixed-answers.ts'
import { harborFor } from './helpers/harbor-for.ts'
import { CHAT_ANSWER, sendJson, serve } from './helpers/http-server.ts'

const CHAT = { model: 'gpt-4', temperature: 0, messages: [{ role: 'user' as const, content: 'Say hello.' }] }

/** The time of the hasty caller. A busy process needs a part of it to send the request, and to let the other one join. */
const HASTY_MS = 1_000

/** A caller with little time, and one with much that joins its call. */
class TwoCallers {
  /** The error of the hasty caller. */
  readonly hasty: Promise<unknown>
  readonly #harbor: Harbor
  readonly #stream: boolean
  #patient: Promise<unknown> | undefined
  #joined: (() => void) | undefined
  readonly #whenJoined = new Promise<void>((resolve) => (this.#joined = resolve))

  constructor(harbor: Harbor, stream = false) {
    this.#harbor = harbor
    this.#stream = stream
    this.hasty = failureOf(harbor.chat.completions.create({ ...CHAT, stream }, { timeout: HASTY_MS }))
  }

  join(): void {
    this.#patient ??= Promise.resolve(this.#harbor.chat.completions.create({ ...CHAT, stream: this.#stream }))
    this.#joined?.()
  }

  /** Resolves after the deadline of the hasty caller, and a while. */
  async afterTheFirstDeadline(whileMs = 50): Promise<void> {
    await this.hasty
    await new Promise((resolve) => setTimeout(resolve, whileMs))
  }

  async expectAnswerForPatient(): Promise<void> {
    await this.#whenJoined
    expect(await this.hasty).toBeInstanceOf(APIConnectionTimeoutError)
    const answer = (await this.#patient) as object
    if (Symbol.asyncIterator in answer) for await (const _ of answer as AsyncIterable<unknown>);
    expect(receiptOf(answer)).toMatchObject({ outcome: 'success', cache: { status: 'shared' } })
  }
}

describe('a call that callers share lasts for as long as its most patient caller has time', () => {
  it.each([false, true])('while its answer is awaited (stream: %s)', async (stream) => {
    const upstream = await serve((_, response) => {
      callers.join()
      // No timer of the connection may end it either. Those have a margin of up to a second.
      void callers.afterTheFirstDeadline(1_100).then(() => {
        if (stream) sendEvents(response)
        else sendJson(response, CHAT_ANSWER)
      })
    })
    const harbor = harborFor(upstream, { cache: true })
    const callers = new TwoCallers(harbor, stream)
    await callers.expectAnswerForPatient()
    expect(upstream.requests).toHaveLength(1)
    expect(harbor.stats()).toMatchObject({ attempts: 1, failures: {} })
  })

  it('in the queue of the limits', async () => {
    const upstream = await serve((_, response) => {
      const answer = (): void => sendJson(response, CHAT_ANSWER)
      if (upstream.requests.length > 1) answer()
      else {
        const callers = new TwoCallers(harbor)
        callers.join()
        void callers.afterTheFirstDeadline().then(answer)
        resolveCallers(callers)
      }
    })
    const { promise, resolve: resolveCallers } = Promise.withResolvers<TwoCallers>()
    const harbor = harborFor(upstream, { cache: true, limits: { maxConcurrency: 1 } })
    await harbor.chat.completions.create({ ...CHAT, max_completion_tokens: 9 })
    await (await promise).expectAnswerForPatient()
    expect(upstream.requests).toHaveLength(2)
  })

  it('while it waits for money that several processes share', async () => {
    const upstream = await serve((_, response) => sendJson(response, CHAT_ANSWER))
    const callers: TwoCallers = new TwoCallers(
      harborFor(upstream, {
        cache: true,
        models: { 'gpt-4': { price: { inputPerMillion: 1, outputPerMillion: 1 } } },
        spendLimit: { usd: 1, per: 'total' },
        fleet: decidingAfter(async () => {
          callers.join()
          await callers.afterTheFirstDeadline()
        }),
      }),
    )
    await callers.expectAnswerForPatient()
    expect(upstream.requests).toHaveLength(1)
  })

  it('in retries that began before that caller joined', async () => {
    const upstream = await serve((_, response) => {
      if (upstream.requests.length === 1) sendJson(response, { error: { message: 'busy' } }, 503)
      else void callers.afterTheFirstDeadline().then(() => sendJson(response, CHAT_ANSWER))
    })
    const harbor = harborFor(upstream, { cache: true })
    // It joins while the call waits for its second attempt.
    harbor.on('retry', () => callers.join())
    const callers = new TwoCallers(harbor)
    await callers.expectAnswerForPatient()
    expect(upstream.requests).toHaveLength(2)
    expect(harbor.stats().attempts).toBe(2)
  })

  it('at a target after which another one could take over', async () => {
    const backup = await serve((_, response) => sendJson(response, CHAT_ANSWER))
    const upstream = await serve((_, response) => {
      callers.join()
      void callers.afterTheFirstDeadline().then(() => sendJson(response, CHAT_ANSWER))
    })
    const harbor = harborFor(upstream, {
      cache: true,
      providers: { backup: { apiKey: 'backup-key', baseURL: backup.baseURL } },
      fallback: ['backup/gpt-4'],
    })
    const callers = new TwoCallers(harbor)
    await callers.expectAnswerForPatient()
    expect([upstream.requests.length, backup.requests.length]).toEqual([1, 0])
    expect(harbor.stats().failures).toEqual({})
  })
})

function sendEvents(response: ServerResponse): void {
  response
    .writeHead(200, { 'content-type': 'text/event-stream' })
    .end(events([chunk({ role: 'assistant', content: 'Hi' }), chunk({}, 'stop')]))
}

/** A fleet with enough money that decides about each reservation when `work` is over. */
function decidingAfter(work: () => Promise<void>): Fleet {
  const money: FleetMoney = {
    reserve: () => ({ outcome: work().then(() => ({ settle: () => undefined })), cancel: () => undefined }),
    state: ({ usd }) => ({ usedUsd: 0, reservedUsd: 0, leftUsd: usd, untilMs: Infinity }),
    values: () => [],
  }
  return {
    join: () => ({
      share: ['spend'],
      money,
      stats: () => ({ members: 1, degraded: false, roundTrips: 0, lastError: undefined }),
      close: () => Promise.resolve(),
    }),
  }
}
