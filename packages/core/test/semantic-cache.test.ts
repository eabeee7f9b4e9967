import { startSimulator, type SimulatedProvider } from '@harbor/simulator'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import {
  perCall,
  receiptOf,
  type Harbor,
  type HarborFetch,
  type HarborOptions,
  type PerCallOptions,
  type Receipt,
  type SemanticOptions,
} from '../src/index.ts'
import { harborFetchFor, harborFor } from './helpers/harbor-for.ts'
import { WAYS } from './helpers/tenant-clients.ts'

const TALL = 'How tall is the tower?'
const HEIGHT = 'What is the height of the tower?'

/** Every text has the same vector, so that the guard alone decides. */
const embed = (): number[] => [1, 0]
const SERVING: SemanticOptions = { embed, judge: () => true, shadow: false }

afterEach(() => {
  vi.restoreAllMocks()
})

/** A provider each of whose answers is another one. */
async function numberedProvider(): Promise<SimulatedProvider> {
  const seen: unknown[] = []
  const numberOf = (request: unknown): number => {
    if (seen.at(-1) !== request) seen.push(request)
    return seen.length
  }
  const simulator = await startSimulator({
    providers: { openai: { reply: (request) => `Answer ${numberOf(request)}.` } },
  })
  onTestFinished(() => simulator.close())
  return simulator.provider()
}

interface Answered {
  readonly text: string
  readonly receipt: Receipt | undefined
}

/** One way to ask through the pipeline. */
interface Wire {
  readonly name: string
  readonly ask: (fetch: HarborFetch, url: string, text: string, change?: object) => Promise<Answered>
}

const post = async (fetch: HarborFetch, url: string, body: object, key = 'one'): Promise<Answered> => {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${key}`,
      'x-api-key': key,
      'anthropic-version': '2023-06-01',
    },
    body: JSON.stringify(body),
  })
  const text = await response.text()
  return { text, receipt: receiptOf(response) }
}

const chat = (stream: boolean): Wire => ({
  name: stream ? 'chat (SSE)' : 'chat (JSON)',
  ask: (fetch, url, content, change) =>
    post(fetch, `${url}/v1/chat/completions`, {
      model: 'gpt-4',
      temperature: 0,
      messages: [{ role: 'user', content }],
      ...(stream && { stream }),
      ...change,
    }),
})
const responses = (stream: boolean): Wire => ({
  name: stream ? 'responses (SSE)' : 'responses (JSON)',
  ask: (fetch, url, input, change) =>
    post(fetch, `${url}/v1/responses`, {
      model: 'gpt-4',
      store: false,
      input,
      ...(stream && { stream }),
      ...change,
    }),
})
const messages = (stream: boolean): Wire => ({
  name: stream ? 'messages (SSE)' : 'messages (JSON)',
  ask: (fetch, url, content, change) =>
    post(fetch, `${url}/v1/messages`, {
      model: 'claude-sonnet-4-5',
      temperature: 0,
      max_tokens: 99,
      messages: [{ role: 'user', content }],
      ...(stream && { stream }),
      ...change,
    }),
})
const gemini = (stream: boolean): Wire => ({
  name: stream ? 'generateContent (SSE)' : 'generateContent (JSON)',
  ask: (fetch, url, text, change) =>
    post(
      fetch,
      `${url}/v1beta/models/gemini-2.5-flash:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
      {
        contents: [{ role: 'user', parts: [{ text }] }],
        generationConfig: { temperature: 0 },
        ...change,
      },
    ),
})
const WIRES = [false, true].flatMap((stream) => [
  chat(stream),
  responses(stream),
  messages(stream),
  gemini(stream),
])

/** The statistics of the semantic cache once nothing of it is in flight. */
async function settled(client: Pick<Harbor, 'stats'>, entries: number): Promise<void> {
  await expect.poll(() => client.stats().semantic?.entries ?? 0).toBe(entries)
}

describe.each(WIRES)('a semantic cache: $name', ({ ask }) => {
  it('serves the answer to another form of the question, and says so', async () => {
    const { url } = await numberedProvider()
    const fetch = harborFetchFor({ cache: { semantic: SERVING } })
    const first = await ask(fetch, url, TALL)
    await settled(fetch, 1)
    const second = await ask(fetch, url, HEIGHT)
    expect(second.text).toBe(first.text)
    expect(first.receipt?.cache).toMatchObject({ status: 'miss', stored: true })
    expect(second.receipt?.cache).toMatchObject({
      status: 'hit',
      reason: 'semantic',
      semantic: { similarity: 1 },
    })
    expect(second.receipt).toMatchObject({ attempts: [], cost: undefined, target: first.receipt?.target })
    expect(fetch.stats().semantic).toMatchObject({ state: 'serving', hits: 1, served: 1, entries: 1 })
  })

  it('asks the model when the question differs', async () => {
    const { url } = await numberedProvider()
    const fetch = harborFetchFor({ cache: { semantic: SERVING } })
    const first = await ask(fetch, url, TALL)
    await settled(fetch, 1)
    const second = await ask(fetch, url, 'How tall is the other tower?')
    expect(second.text).not.toBe(first.text)
    expect(second.receipt?.cache?.status).toBe('miss')
  })

  it('never shares when anything else in the request differs', async () => {
    const { url } = await numberedProvider()
    const fetch = harborFetchFor({ cache: { semantic: SERVING, when: 'always' } })
    const first = await ask(fetch, url, TALL)
    await settled(fetch, 1)
    for (const change of [{ something_new: 1 }, { tools: [] }, { temperature: 0.5 }]) {
      const other = await ask(fetch, url, HEIGHT, change)
      expect(other.receipt?.cache?.status).toBe('miss')
      expect(other.text).not.toBe(first.text)
    }
  })

  it('in shadow mode sends every call, and compares both answers', async () => {
    const { url } = await numberedProvider()
    const judge = vi.fn<NonNullable<SemanticOptions['judge']>>(() => true)
    const fetch = harborFetchFor({ cache: { semantic: { embed, judge } } })
    const first = await ask(fetch, url, TALL)
    await settled(fetch, 1)
    const second = await ask(fetch, url, HEIGHT)
    expect(second.text).not.toBe(first.text)
    expect(second.receipt?.cache).toEqual({ status: 'miss', reason: 'absent', ageMs: 0, stored: true })
    await expect.poll(() => judge.mock.calls.length).toBe(1)
    expect(judge.mock.calls[0]?.[0]).toMatchObject({
      text: HEIGHT,
      cachedText: TALL,
      answer: 'Answer 2.',
      cachedAnswer: 'Answer 1.',
    })
    await settled(fetch, 2)
    expect(fetch.stats().semantic).toMatchObject({ state: 'shadow', hits: 1, served: 0, judged: 1, wrong: 0 })
  })
})

describe('a semantic cache', () => {
  async function client(
    semantic: Partial<SemanticOptions> = {},
    options: HarborOptions = {},
  ): Promise<{
    harbor: Harbor
    provider: SimulatedProvider
    say: (content: string, asked?: PerCallOptions) => Promise<Answered>
  }> {
    const provider = await numberedProvider()
    const harbor = harborFor(provider, { cache: { semantic: { ...SERVING, ...semantic } }, ...options })
    const say = async (content: string, asked: PerCallOptions = {}): Promise<Answered> => {
      const completion = await harbor.chat.completions.create(
        { model: 'gpt-4', temperature: 0, messages: [{ role: 'user', content }] },
        perCall(asked),
      )
      return { text: completion.choices[0]?.message.content ?? '', receipt: receiptOf(completion) }
    }
    return { harbor, provider, say }
  }

  it.each(WAYS)('never gives a tenant the answer of another one: $name', async ({ open }) => {
    const { baseURL } = await numberedProvider()
    const clientFor = open(baseURL, { cache: { semantic: SERVING } })
    const say = async (tenant: string, content: string): Promise<string | null | undefined> => {
      const completion = await clientFor(tenant).chat.completions.create({
        model: 'gpt-4',
        temperature: 0,
        messages: [{ role: 'user', content }],
      })
      return completion.choices[0]?.message.content
    }
    const answers = []
    for (const tenant of ['anna', 'ben', 'cara'])
      answers.push(await say(tenant, TALL), await say(tenant, 'What is the weight of the tower?'))
    // What is stored beside the calls is stored by now: the next calls would find it.
    await new Promise((resolve) => setTimeout(resolve, 50))
    for (const tenant of ['dora', 'emil'])
      answers.push(await say(tenant, HEIGHT), await say(tenant, 'How much does the tower weigh?'))
    expect(new Set(answers).size).toBe(answers.length)
  })

  it.each<[string, object]>([
    ['another model', { model: 'gpt-4o' }],
    [
      'a system prompt',
      {
        messages: [
          { role: 'system', content: 'Be brief.' },
          { role: 'user', content: HEIGHT },
        ],
      },
    ],
    [
      'an earlier turn',
      {
        messages: [
          { role: 'user', content: 'Hi' },
          { role: 'assistant', content: 'Hi' },
          { role: 'user', content: HEIGHT },
        ],
      },
    ],
    ['a name of the user', { messages: [{ role: 'user', content: HEIGHT, name: 'anna' }] }],
    ['a list of parts', { messages: [{ role: 'user', content: [{ type: 'text', text: HEIGHT }] }] }],
    [
      'a picture',
      {
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: HEIGHT },
              { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
            ],
          },
        ],
      },
    ],
    [
      'a last message of the assistant',
      {
        messages: [
          { role: 'user', content: TALL },
          { role: 'assistant', content: HEIGHT },
        ],
      },
    ],
    ['tools', { tools: [{ type: 'function', function: { name: 'f', parameters: {} } }] }],
    ['another limit', { max_tokens: 5 }],
    ['a stream', { stream: true }],
    ['a seed', { seed: 7 }],
  ])('never shares with a request that has %s', async (_what, change) => {
    const { harbor, provider, say } = await client()
    await say(TALL)
    await settled(harbor, 1)
    const response = await harbor.chat.completions
      .create({ model: 'gpt-4', temperature: 0, messages: [{ role: 'user', content: HEIGHT }], ...change })
      .asResponse()
    await response.text()
    expect(receiptOf(response)?.cache?.status).toBe('miss')
    expect(provider.counts().calls).toBe(2)
  })

  it('separates callers by scope and by the labels in scopeBy', async () => {
    const { harbor, say } = await client(
      {},
      { cache: { semantic: SERVING, scope: 'all', scopeBy: ['team'] } },
    )
    const first = await say(TALL, { labels: { team: 'a' } })
    await settled(harbor, 1)
    expect((await say(HEIGHT, { labels: { team: 'b' } })).receipt?.cache?.status).toBe('miss')
    expect((await say(HEIGHT, { labels: { team: 'a' }, scope: 'other' })).receipt?.cache?.status).toBe('miss')
    expect((await say(HEIGHT, { labels: { team: 'a', user: 'x' } })).text).toBe(first.text)
    // Nothing of the others was even compared.
    expect(harbor.stats().semantic).toMatchObject({ near: 1, hits: 1 })
  })

  it('separates callers of one scope whose headers may change the answer', async () => {
    const provider = await numberedProvider()
    const harbor = harborFor(provider, { cache: { semantic: SERVING, scope: 'all' } })
    const say = async (content: string, variant: string): Promise<Receipt | undefined> => {
      const completion = await harbor.chat.completions.create(
        { model: 'gpt-4', temperature: 0, messages: [{ role: 'user', content }] },
        { headers: { 'x-language': variant } },
      )
      return receiptOf(completion)
    }
    await say(TALL, 'en')
    await settled(harbor, 1)
    expect((await say(HEIGHT, 'fr'))?.cache?.status).toBe('miss')
    expect((await say(HEIGHT, 'en'))?.cache).toMatchObject({ status: 'hit', reason: 'semantic' })
    expect(harbor.stats().semantic).toMatchObject({ near: 1 })
  })

  it('does not refresh a stale answer by one to another text', async () => {
    const { harbor, provider, say } = await client(
      {},
      { cache: { semantic: SERVING, staleWhileRevalidateMs: 600_000 } },
    )
    await say(HEIGHT, { semantic: false, ttlMs: 1 })
    await say(TALL)
    await settled(harbor, 1)
    await expect.poll(async () => (await say(HEIGHT)).receipt?.cache?.status).toBe('stale')
    await expect.poll(() => provider.counts().calls).toBe(3)
    expect(harbor.stats().semantic?.served).toBe(0)
  })

  it('stores nothing under the other text: the answer keeps its age, and its own entry', async () => {
    const { harbor, say } = await client()
    await say(TALL)
    await settled(harbor, 1)
    await say(HEIGHT)
    const again = await say(HEIGHT)
    expect(again.receipt?.cache).toMatchObject({ status: 'hit', reason: 'semantic' })
    expect(harbor.stats().cache).toMatchObject({ entries: 1, refused: { semantic: 2 } })
    const own = await say(TALL)
    expect(own.receipt?.cache).toMatchObject({ status: 'hit', reason: 'fresh' })
    expect(own.receipt?.cache?.semantic).toBeUndefined()
  })

  it('serves nothing that was removed from the cache', async () => {
    const { harbor, say } = await client()
    const first = await say(TALL, { tags: ['towers'] })
    await settled(harbor, 1)
    await harbor.cache.invalidateTag('towers')
    const second = await say(HEIGHT)
    expect(second.text).not.toBe(first.text)
    await harbor.cache.clear()
    expect((await say(TALL)).receipt?.cache?.status).toBe('miss')
  })

  it.each<[string, PerCallOptions, string]>([
    ["cache: 'bypass'", { cache: 'bypass' }, 'bypass'],
    ["cache: 'refresh'", { cache: 'refresh' }, 'miss'],
    ['semantic: false', { semantic: false }, 'miss'],
  ])('is not used by a call with %s', async (_what, asked, status) => {
    const asking = vi.fn(embed)
    const { harbor, say } = await client({ embed: asking })
    const first = await say(TALL)
    await settled(harbor, 1)
    const second = await say(HEIGHT, asked)
    expect(second.text).not.toBe(first.text)
    expect(second.receipt?.cache?.status).toBe(status)
    expect(asking).toHaveBeenCalledTimes(1)
  })

  it("sends nothing, not even to the embedder, for cache: 'only-if-cached'", async () => {
    const asking = vi.fn(embed)
    const { harbor, provider, say } = await client({ embed: asking })
    await say(TALL)
    await settled(harbor, 1)
    await expect(say(HEIGHT, { cache: 'only-if-cached' })).rejects.toMatchObject({ status: 504 })
    expect(asking).toHaveBeenCalledTimes(1)
    expect(provider.counts().calls).toBe(1)
  })

  it.each<[string, () => number[] | Promise<number[]>]>([
    [
      'throws',
      () => {
        throw new Error('down')
      },
    ],
    ['hangs', () => new Promise(() => undefined)],
    ['returns nonsense', () => [NaN]],
  ])('lets every call go on when the embedder %s', async (_what, embedder) => {
    const { harbor, say } = await client({ embed: embedder, embedTimeoutMs: 20 })
    expect((await say(TALL)).text).toBe('Answer 1.')
    expect((await say(HEIGHT)).text).toBe('Answer 2.')
    expect(harbor.stats().semantic).toMatchObject({ served: 0, entries: 0 })
  })

  it('is switched off after wrong answers, warns once, and is on again after resetSemantic()', async () => {
    let right = false
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    const { harbor, say } = await client({ judge: () => right })
    await say(TALL)
    await settled(harbor, 1)
    for (let at = 0; at < 5; at++) await say(HEIGHT)
    expect(harbor.stats().semantic).toMatchObject({ state: 'off', judged: 2, wrong: 2, served: 2 })
    expect((await say('Tell me how tall the tower is.')).receipt?.cache?.status).toBe('miss')
    const warnings = warn.mock.calls.filter(([text]) => String(text).includes('semantic'))
    expect(warnings).toHaveLength(1)
    expect(JSON.stringify(warnings)).toContain('2 of 2 judged hits were wrong')
    right = true
    harbor.cache.resetSemantic()
    expect(harbor.stats().semantic?.state).toBe('serving')
  })

  it('embeds once and answers all when equal calls arrive together', async () => {
    const asking = vi.fn(embed)
    const { harbor, say } = await client({ embed: asking })
    const first = await say(TALL)
    await settled(harbor, 1)
    const answers = await Promise.all(Array.from({ length: 5 }, () => say(HEIGHT)))
    expect(new Set(answers.map(({ text }) => text))).toEqual(new Set([first.text]))
    for (const { receipt } of answers)
      expect(receipt?.cache).toMatchObject({ status: 'hit', reason: 'semantic' })
    expect(asking).toHaveBeenCalledTimes(2)
  })

  it('books what a served answer saved, and no cost', async () => {
    const { harbor, say } = await client()
    await say(TALL)
    await settled(harbor, 1)
    const spent = harbor.stats().cost.spentUsd
    const { receipt } = await say(HEIGHT)
    expect(receipt?.savedUsd).toBeGreaterThan(0)
    expect(harbor.stats().cost.spentUsd).toBe(spent)
  })

  it('does not share answers with calls of tools', async () => {
    const provider = await numberedProvider()
    provider.script({})
    const harbor = harborFor(provider, { cache: { semantic: SERVING } })
    const tools = [
      {
        type: 'function' as const,
        function: { name: 'measure', parameters: { type: 'object', properties: {} } },
      },
    ]
    const say = (content: string) =>
      harbor.chat.completions.create({
        model: 'gpt-4',
        temperature: 0,
        tool_choice: 'required',
        tools,
        messages: [{ role: 'user', content }],
      })
    expect((await say(TALL)).choices[0]?.message.tool_calls).toHaveLength(1)
    await say(HEIGHT)
    expect(provider.counts().calls).toBe(2)
    expect(harbor.stats().semantic?.entries).toBe(0)
  })

  it('is off by default', async () => {
    const provider = await numberedProvider()
    const harbor = harborFor(provider, { cache: true })
    await harbor.chat.completions.create({
      model: 'gpt-4',
      temperature: 0,
      messages: [{ role: 'user', content: TALL }],
    })
    expect(harbor.stats().semantic).toBeUndefined()
  })

  it.each<[object, RegExp]>([
    [{ shadow: false, embed }, /In cache\.semantic: judge must be a function unless shadow is true/],
    [{}, /In cache\.semantic: embed must be a function/],
    [{ embed, clock: {} }, /In cache\.semantic: unknown option clock/],
    [{ embed, treshold: 1 }, /In cache\.semantic: unknown option treshold; did you mean threshold/],
  ])('refuses the options %j', (semantic, message) => {
    const baseURL = 'http://127.0.0.1:1/v1'
    expect(() => harborFor({ baseURL }, { cache: { semantic: semantic as SemanticOptions } })).toThrow(
      message,
    )
  })

  it('belongs to the store, so that a copy cannot have another one', async () => {
    const { harbor } = await client()
    expect(() => harbor.withOptions({ cache: { semantic: SERVING } })).toThrow(
      /cache\.semantic belongs to the store/,
    )
    expect(() => perCall({ semantic: true as unknown as false })).toThrow(/semantic must be false/)
  })
})
