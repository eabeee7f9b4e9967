import type { Fault, FaultOf, Rule, SimulatedProvider } from '@harbor/simulator'
import OpenAI from 'openai'
import { beforeEach, describe, expect, it } from 'vitest'
import { CLIENTS, type Api, type Client, type Reading } from './helpers/three-clients.ts'
import { harborFetchFor, harborFor, HELLO, simulate } from './helpers/harbor-for.ts'
import { timeInTurns } from './helpers/time-in-turns.ts'

/** The same two words in both protocols. */
const EVENTS: Record<Api, readonly object[]> = {
  chat: [
    { choices: [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }] },
    { choices: [{ index: 0, delta: { content: 'Good ' }, finish_reason: null }] },
    { choices: [{ index: 0, delta: { content: 'day.' }, finish_reason: null }] },
    { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
    { choices: [], usage: { prompt_tokens: 3, completion_tokens: 2 } },
  ],
  responses: [
    { type: 'response.created', response: { id: 'resp_1', status: 'in_progress', error: null, output: [] } },
    {
      type: 'response.in_progress',
      response: { id: 'resp_1', status: 'in_progress', error: null, output: [] },
    },
    {
      type: 'response.output_item.added',
      output_index: 0,
      item: { id: 'msg_1', type: 'message', content: [] },
    },
    {
      type: 'response.output_text.delta',
      output_index: 0,
      content_index: 0,
      item_id: 'msg_1',
      delta: 'Good ',
    },
    {
      type: 'response.output_text.delta',
      output_index: 0,
      content_index: 0,
      item_id: 'msg_1',
      delta: 'day.',
    },
    {
      type: 'response.output_text.done',
      output_index: 0,
      content_index: 0,
      item_id: 'msg_1',
      text: 'Good day.',
    },
    {
      type: 'response.completed',
      response: { id: 'resp_1', status: 'completed', usage: { input_tokens: 3, output_tokens: 2 } },
    },
  ],
}
/** How many events there must be until the reader has something, and until nothing is missing from the answer. */
const UNTIL = { chat: { content: 2, proof: 4 }, responses: { content: 4, proof: 7 } } as const

const ERROR = { message: 'The server had an error.', type: 'server_error', code: 'server_error' }

/** Short enough for a test, and only set where silence is what is tested: a busy machine is silent, too. */
const CLOCK_MS = 100
const SHORT_CLOCKS = { timeouts: { idleMs: CLOCK_MS, firstTokenMs: CLOCK_MS } }

interface Kind {
  readonly name: string
  /** What the provider does after this number of whole events. */
  readonly fault: (api: Api, after: number) => Fault
  /** What is reported to the reader once it has content. */
  readonly code: string
  /** What the record of the failed attempt says when nothing had escaped. */
  readonly failure: object
  /** What is proven complete without its end. */
  readonly endsWell?: (api: Api, after: number) => boolean
}

const INCOMPLETE = {
  code: 'stream_incomplete',
  failure: { kind: 'stream', code: 'stream_incomplete', ambiguous: false },
}
const MALFORMED = {
  code: 'stream_malformed',
  failure: { kind: 'stream', code: 'stream_malformed', ambiguous: false },
}
const REPORTED = { code: 'server_error', failure: { kind: 'server', code: 'server_error', ambiguous: false } }
const STALLED = { code: 'stream_stalled', failure: { kind: 'timeout', code: 'timeout', ambiguous: true } }
const isProven = (api: Api, after: number): boolean => after >= UNTIL[api].proof

const KINDS: readonly Kind[] = [
  {
    name: 'cut',
    fault: (api, afterEvents) => play(api, { then: { type: 'stream-cut', afterEvents } }),
    ...INCOMPLETE,
  },
  {
    name: 'cut inside an event',
    fault: (api, afterEvents) => play(api, { then: { type: 'stream-cut', afterEvents, inside: true } }),
    ...INCOMPLETE,
  },
  {
    name: 'stalled',
    fault: (api, afterEvents) => play(api, { then: { type: 'stream-stall', afterEvents } }),
    ...STALLED,
    // The answer is whole; the provider merely does not hang up.
    endsWell: isProven,
  },
  {
    name: 'stalled inside an event',
    fault: (api, afterEvents) => play(api, { then: { type: 'stream-stall', afterEvents, inside: true } }),
    ...STALLED,
    endsWell: isProven,
  },
  {
    name: 'ended early',
    fault: (api, afterEvents) => play(api, { then: { type: 'stream-end', afterEvents } }),
    ...INCOMPLETE,
    endsWell: isProven,
  },
  {
    name: 'broken inside an event',
    fault: (api, after) =>
      inPackets(api, eventsOf(api).with(after, (eventsOf(api)[after] ?? '').slice(0, 30))),
    ...MALFORMED,
    // What follows the proof is not needed.
    endsWell: isProven,
  },
  {
    name: 'ended by an error in band',
    fault: (api, after) =>
      inPackets(api, [...eventsOf(api).slice(0, after), JSON.stringify(errorEvent(api))]),
    ...REPORTED,
  },
]

beforeEach(timeInTurns)

describe.each(CLIENTS)('read by $name', ({ make }) => {
  for (const api of ['chat', 'responses'] as const) {
    describe.each(KINDS)(`a ${api} stream that is $name`, (kind) => {
      const places = EVENTS[api].map((_, after) => after)
      const early = places.filter((after) => after < UNTIL[api].content)
      const late = places.filter((after) => !early.includes(after))

      it('before any content is retried, and nothing of it reaches the caller', async () => {
        const readings = await readAll(make, kind, api, early)
        for (const { after, reading, calls } of readings) {
          const where = `after ${after} events`
          expect(reading.error, where).toBeUndefined()
          expect(reading.chunks, where).toEqual(EVENTS[api])
          expect(calls, where).toBe(2)
          expect(reading.receipt, where).toMatchObject({
            outcome: 'success',
            attempts: [
              { status: 200, failure: kind.failure },
              { status: 200, failure: undefined },
            ],
            usage: { inputTokens: 3, outputTokens: 2 },
          })
        }
      })

      it('after content is reported in band: what had come stays, and nothing is repeated', async () => {
        const readings = await readAll(make, kind, api, late)
        for (const { after, reading, calls } of readings) {
          const where = `after ${after} events`
          expect(reading.chunks, where).toEqual(EVENTS[api].slice(0, after))
          expect(calls, where).toBe(1)
          if (kind.endsWell?.(api, after)) {
            expect(reading.error, where).toBeUndefined()
            expect(reading.receipt, where).toMatchObject({ outcome: 'success', finishReasons: ['stop'] })
            continue
          }
          expect(reading.error, where).toMatchObject({ code: kind.code })
          expect(reading.receipt, where).toMatchObject({
            outcome: 'failure',
            attempts: [{ status: 200, failure: { kind: 'stream', code: kind.code } }],
          })
        }
      })
    })

    it(`a ${api} stream answered with JSON is retried`, async () => {
      const provider = await simulate()
      provider.fail({ type: 'json-for-stream' }, play(api))
      const { chunks, error, receipt } = await make(provider).stream(api, 'm')
      expect(error).toBeUndefined()
      expect(chunks).toEqual(EVENTS[api])
      expect(provider.counts().calls).toBe(2)
      expect(receipt?.attempts[0]?.failure).toMatchObject({ kind: 'malformed', code: 'malformed_answer' })
    })

    it(`a ${api} stream always answered with JSON is an error, not an empty answer`, async () => {
      const provider = await simulate({
        providers: { openai: { rules: [{ fault: { type: 'json-for-stream' } }] } },
      })
      const { chunks, error, receipt } = await make(provider).stream(api, 'm')
      expect(chunks).toEqual([])
      expect(error).toMatchObject({ status: 502, code: 'malformed_answer' })
      expect(receipt).toMatchObject({ outcome: 'failure', possiblyBilled: 2, attempts: { length: 2 } })
    })

    it(`a ${api} stream whose content and fault come in one packet has let nothing escape`, async () => {
      const provider = await simulate()
      const broken = [...eventsOf(api).slice(0, UNTIL[api].content), JSON.stringify(errorEvent(api))]
      provider.fail(play(api, { events: broken }), play(api))
      const { chunks, error } = await make(provider).stream(api, 'm')
      expect(error).toBeUndefined()
      expect(chunks).toEqual(EVENTS[api])
      expect(provider.counts().calls).toBe(2)
    })

    it(`a duplicate event of a ${api} stream passes through unchanged`, async () => {
      const provider = await simulate()
      const client = make(provider)
      for (const [event, chunk] of EVENTS[api].entries()) {
        if (isProven(api, event + 1) && api === 'responses') continue // nothing is read behind the last event
        provider.fail(play(api, { then: { type: 'stream-duplicate', event } }))
        const { chunks, error } = await client.stream(api, 'm')
        expect(error, `event ${event} twice`).toBeUndefined()
        expect(chunks, `event ${event} twice`).toEqual(EVENTS[api].toSpliced(event, 0, chunk))
      }
    })

    it(`a ${api} stream that drips is whole`, async () => {
      const provider = await simulate()
      provider.fail(play(api, { then: { type: 'stream-drip', bytes: 40, ms: 1 } }))
      const { chunks, error } = await make(provider).stream(api, 'm')
      expect(error).toBeUndefined()
      expect(chunks).toEqual(EVENTS[api])
    })

    it(`comments before a ${api} stream change nothing`, async () => {
      const provider = await simulate()
      provider.fail(play(api, { then: { type: 'stream-comments', count: 20, everyMs: 1 } }))
      const { chunks, error, receipt } = await make(provider).stream(api, 'm')
      expect(error).toBeUndefined()
      expect(chunks).toEqual(EVENTS[api])
      expect(receipt?.attempts).toHaveLength(1)
    })

    it(`comments and half an event do not keep a ${api} stream alive that brings no content`, async () => {
      const provider = await simulate()
      const timeouts = { firstTokenMs: CLOCK_MS }
      provider.fail(play(api, { then: { type: 'stream-comments', count: 100, everyMs: 20 } }), play(api))
      provider.fail(play(api, { then: { type: 'stream-drip', bytes: 1, ms: 20 } }), play(api))
      const client = make(provider, { timeouts })
      for (const calls of [2, 4]) {
        const { chunks, receipt } = await client.stream(api, 'm')
        expect(chunks).toEqual(EVENTS[api])
        expect(receipt?.attempts[0]?.failure).toMatchObject({ kind: 'timeout' })
        expect(provider.counts().calls).toBe(calls)
      }
      await provider.whenIdle()
      expect(provider.counts()).toMatchObject({ aborts: 2, inFlight: 0 })
    })

    it(`20 ${api} streams in turn use one connection`, async () => {
      const provider = await simulate({ providers: { openai: { rules: [{ fault: play(api) }] } } })
      const client = make(provider)
      for (let count = 0; count < 20; count++) {
        expect((await client.stream(api, 'm')).chunks).toHaveLength(EVENTS[api].length)
      }
      expect(provider.counts()).toMatchObject({ calls: 20, aborts: 0, connections: { opened: 1 } })
    })
  }
})

describe('an error after content', () => {
  it("is the SDK's own APIError, and carries the receipt", async () => {
    const provider = await simulate()
    for (const { name, make } of CLIENTS.slice(0, 2)) {
      provider.fail(play('chat', { then: { type: 'stream-cut', afterEvents: 3 } }))
      const { error, receipt } = await make(provider).stream('chat', 'm')
      expect(error, name).toBeInstanceOf(OpenAI.APIError)
      expect((error as Error).message, name).toMatch(/broke before the stream was complete/)
      expect(receipt?.attempts, name).toHaveLength(1)
    }
  })
})

describe('a reader', () => {
  it('that is slow is not a stall', async () => {
    const provider = await simulate({ providers: { openai: { tokenMs: 2 } } })
    const harbor = harborFor(provider, { timeouts: { idleMs: CLOCK_MS } })
    const stream = await harbor.chat.completions.create({ ...HELLO, stream: true })
    let chunks = 0
    let reason: unknown
    for await (const chunk of stream) {
      if (chunks++ % 5 === 0) await sleep(1.5 * CLOCK_MS)
      reason = chunk.choices[0]?.finish_reason ?? reason
    }
    expect(chunks).toBeGreaterThan(5)
    expect(reason).toBe('stop')
  })

  it('that leaves early aborts the upstream, whichever client it uses', async () => {
    const provider = await simulate({
      providers: {
        openai: { rules: [{ fault: play('chat', { then: { type: 'stream-stall', afterEvents: 3 } }) }] },
      },
    })
    const harbor = harborFor(provider)
    const fetch = harborFetchFor()
    const sdk = new OpenAI({ apiKey: 'test-key', baseURL: provider.baseURL, fetch, maxRetries: 0 })
    const body = { ...HELLO, stream: true } as const

    for await (const _ of await harbor.chat.completions.create(body)) break
    for await (const _ of await sdk.chat.completions.create(body)) break
    const response = await fetch(`${provider.baseURL}/chat/completions`, {
      method: 'POST',
      body: JSON.stringify(body),
    })
    const reader = (response.body as ReadableStream<Uint8Array>).getReader()
    await reader.read()
    await reader.cancel()

    await provider.whenIdle()
    expect(provider.counts()).toMatchObject({ calls: 3, aborts: 3, connections: { open: 0 } })
  })

  it.each([
    ['the stream of a Harbor', dropStream],
    ['the Response of a createHarborFetch', dropResponse],
  ])('that drops %s unread gives its connection back once it is collected', async (_, drop) => {
    const provider = await simulate({
      providers: {
        openai: { rules: [{ fault: play('chat', { then: { type: 'stream-stall', afterEvents: 3 } }) }] },
      },
    })
    await drop(provider)
    expect(provider.counts()).toMatchObject({ calls: 1, aborts: 0, inFlight: 1 })
    while (provider.counts().aborts === 0) {
      globalThis.gc?.()
      await sleep(5)
    }
    await provider.whenIdle()
    expect(provider.counts()).toMatchObject({ aborts: 1, connections: { open: 0 } })
  })

  it('that still holds its stream keeps it through a collection', async () => {
    const provider = await simulate()
    const fetch = harborFetchFor()
    provider.fail(play('chat', { then: { type: 'stream-comments', count: 1, everyMs: 150 } }))
    const held = fetch(`${provider.baseURL}/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({ ...HELLO, stream: true }),
    })
    for (let count = 0; count < 5; count++) {
      globalThis.gc?.()
      await sleep(5)
    }
    const response = await held
    globalThis.gc?.()
    await sleep(5)
    globalThis.gc?.()
    expect(await response.text()).toContain('[DONE]')
  })
})

/** Reads streams that all fail in the given manner, each at its own place, at the same time. */
async function readAll(
  make: (typeof CLIENTS)[number]['make'],
  kind: Kind,
  api: Api,
  places: readonly number[],
): Promise<{ after: number; reading: Reading; calls: number }[]> {
  const rules = places.map((after): Rule => ({
    when: { model: `m${after}` },
    fault: { type: 'sequence', faults: [kind.fault(api, after) as FaultOf<'play'>, play(api)] },
  }))
  const provider = await simulate({ providers: { openai: { rules } } })
  const client: Client = make(provider, kind.code === 'stream_stalled' ? SHORT_CLOCKS : {})
  const readings = await Promise.all(places.map((after) => client.stream(api, `m${after}`)))
  await provider.whenIdle() // an upstream that was left waiting would hang here
  return places.map((after, index) => ({
    after,
    reading: readings[index] as Reading,
    calls: provider.requests().filter(({ body }) => (body as { model: string }).model === `m${after}`).length,
  }))
}

function play(api: Api, change: Partial<FaultOf<'play'>> = {}): FaultOf<'play'> {
  return { type: 'play', events: eventsOf(api), named: api === 'responses', ...change }
}

/** In packets small enough that content has reached its reader before the fault arrives. */
function inPackets(api: Api, events: readonly string[]): FaultOf<'play'> {
  return play(api, { events, then: { type: 'split', bytes: 25 } })
}

function eventsOf(api: Api): string[] {
  return EVENTS[api].map((event) => JSON.stringify(event))
}

function errorEvent(api: Api): object {
  return api === 'chat' ? { error: ERROR } : { ...ERROR, type: 'error' }
}

/** In a function of its own, so that nothing on the stack holds what it got. */
async function dropStream(provider: SimulatedProvider): Promise<void> {
  await harborFor(provider).chat.completions.create({ ...HELLO, stream: true })
}

async function dropResponse({ baseURL }: SimulatedProvider): Promise<void> {
  await harborFetchFor()(`${baseURL}/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({ ...HELLO, stream: true }),
  })
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
