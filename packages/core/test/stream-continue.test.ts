import { continuingReply, type ContinuationManner, type SimulatedProvider } from '@harbor/simulator'
import { describe, expect, it } from 'vitest'
import { perCall, type HarborOptions, type PerCallOptions, type Receipt } from '../src/index.ts'
import { harborFor, HELLO, simulate } from './helpers/harbor-for.ts'

const TEXT =
  'A harbour is a sheltered place on the coast. Ships load and unload there, wait for better weather, and are repaired. ' +
  'The oldest harbours lie at the mouths of rivers; the largest ones were dug into the land during the last two centuries.'
const PRICE = { inputPerMillion: 1_000_000, outputPerMillion: 1_000_000 }

async function modelThat(manner: ContinuationManner, text = TEXT): Promise<SimulatedProvider> {
  const provider = await simulate()
  provider.script({ reply: continuingReply(text, manner) })
  provider.fail({ type: 'stream-cut', afterEvents: 20 })
  return provider
}

/** Reads a chat stream to its end, with the SDK. */
async function read(
  provider: SimulatedProvider,
  options: HarborOptions = {},
  request: object = {},
  call: PerCallOptions = {},
) {
  const harbor = harborFor(provider, {
    onStreamFailure: 'continue',
    models: { 'gpt-4': { price: PRICE } },
    ...options,
  })
  const ids = new Set<string>()
  let text = ''
  let error: unknown
  let receipt: Receipt | undefined
  try {
    const stream = await harbor.chat.completions.create(
      { ...HELLO, ...request, stream: true },
      perCall({ ...call, onReceipt: (ended) => (receipt = ended) }),
    )
    for await (const { id, model, created, choices } of stream) {
      ids.add(`${id} ${model} ${created}`)
      text += choices[0]?.delta.content ?? ''
    }
  } catch (thrown) {
    error = thrown
  }
  return { text, ids, error, receipt }
}

/** The body of a stream that does not break. */
async function whole(provider: SimulatedProvider): Promise<string> {
  const response = await harborFor(provider)
    .chat.completions.create({ ...HELLO, stream: true })
    .asResponse()
  return response.text()
}

const reasons = (receipt: Receipt | undefined) => receipt?.attempts.map(({ reason }) => reason)

describe('a chat stream that broke', () => {
  it.each(['user-turn', 'assistant', 'prefix'] as const)(
    'is continued by the model: %s',
    async (continuation) => {
      const provider = await modelThat('cooperative')
      const { text, ids, error, receipt } = await read(provider, {
        models: { 'gpt-4': { continuation, price: PRICE } },
      })
      expect(error).toBeUndefined()
      expect(text).toBe(TEXT)
      expect(ids.size).toBe(1)
      expect(receipt).toMatchObject({ outcome: 'success', finishReasons: ['stop'] })
      expect(receipt?.attempts).toMatchObject([
        { reason: 'first', failure: { kind: 'stream' } },
        { reason: 'continue', failure: undefined },
      ])
      const { messages } = provider.requests()[1]?.body as { messages: { role: string; content: string }[] }
      const last = messages.at(-1)
      if (continuation === 'user-turn') {
        expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user'])
      } else {
        expect(last).toMatchObject({ role: 'assistant', ...(continuation === 'prefix' && { prefix: true }) })
        expect(TEXT.startsWith(`${last?.content ?? ''} `)).toBe(true)
      }
    },
  )

  it('is charged with both requests', async () => {
    const provider = await modelThat('cooperative')
    const { receipt } = await read(provider, {}, { stream_options: { include_usage: true } })
    const second = provider.counts().tokens
    expect(receipt?.usage?.inputTokens).toBeGreaterThan(HELLO.messages[0]?.content.length ?? 0)
    expect(receipt?.usage?.outputTokens).toBeGreaterThanOrEqual(second.output)
    const { inputTokens = 0, outputTokens = 0 } = receipt?.usage ?? {}
    expect(receipt?.cost?.usage).toBe('estimated')
    expect(receipt?.cost?.usd).toBeGreaterThanOrEqual(inputTokens + outputTokens)
  })

  it('has no class with more tokens than its total, where a part of it is estimated', async () => {
    const request = { max_completion_tokens: 4_000, stream_options: { include_usage: true } }
    const { receipt } = await read(await modelThat('cooperative'), {}, request)
    const { usage } = receipt ?? {}
    expect(usage?.outputTokens).toBeGreaterThan(0)
    expect(usage?.outputTokens).toBeLessThan(4_000)
    expect(usage?.reasoningTokens).toBeLessThanOrEqual(usage?.outputTokens ?? 0)
    expect(usage?.cacheWriteInputTokens).toBeLessThanOrEqual(usage?.inputTokens ?? 0)
    const written = Object.values(usage?.cacheWriteTokensByTtl ?? {}).reduce((sum, each) => sum + each, 0)
    expect(written).toBeLessThanOrEqual(usage?.cacheWriteInputTokens ?? 0)
  })

  it('is whole, and not continued, if it broke after its finish reason', async () => {
    const provider = await simulate()
    provider.script({ reply: continuingReply(TEXT, 'cooperative') })
    const events = (await whole(provider)).split('\n\n').filter((event) => event.startsWith('data: {'))
    const before = provider.counts().calls
    provider.fail({ type: 'stream-cut', afterEvents: events.length })
    const { text, error, receipt } = await read(provider)
    expect(text).toBe(TEXT)
    expect(error).toBeUndefined()
    expect(receipt).toMatchObject({ outcome: 'success', cost: { usage: 'estimated' } })
    expect(reasons(receipt)).toEqual(['first'])
    expect(provider.counts().calls - before).toBe(1)
  })

  it('shows the seam as a comment', async () => {
    const provider = await modelThat('cooperative')
    const harbor = harborFor(provider, { onStreamFailure: 'continue' })
    const response = await harbor.chat.completions.create({ ...HELLO, stream: true }).asResponse()
    const body = await response.text()
    expect(body.split('\n').filter((line) => line.startsWith(':'))).toEqual([': harbor: continued'])
    expect(body).toContain('data: [DONE]')
  })

  it.each(['paraphrasing', 'fencing', 'translating'] as const)(
    'fails as before, and is charged with both requests, if the model is %s',
    async (manner) => {
      const provider = await modelThat(manner)
      const { text, error, receipt } = await read(provider)
      expect(error).toMatchObject({ code: 'stream_incomplete' })
      expect(TEXT.startsWith(text)).toBe(true)
      expect(reasons(receipt)).toEqual(['first', 'continue'])
      expect(receipt).toMatchObject({ outcome: 'failure', failure: { code: 'stream_incomplete' } })
      const alone = await read(await modelThat(manner), { onStreamFailure: 'error' })
      expect(receipt?.cost?.usd).toBeGreaterThan((alone.receipt?.cost?.usd ?? Infinity) * 1.5)
    },
  )

  it('is joined with an answer that begins again, within maxBridgeTokens', async () => {
    expect((await read(await modelThat('restarting'))).text).toBe(TEXT)
    const models = { 'gpt-4': { maxBridgeTokens: 5 } }
    const { text, error } = await read(await modelThat('restarting'), { models })
    expect(error).toMatchObject({ code: 'stream_incomplete' })
    expect(TEXT.startsWith(text)).toBe(true)
  })

  it('is continued again if its continuation breaks', async () => {
    const provider = await modelThat('cooperative')
    provider.fail({ type: 'stream-cut', afterEvents: 25 })
    const { text, error, receipt } = await read(provider)
    expect(error).toBeUndefined()
    expect(text).toBe(TEXT)
    expect(reasons(receipt)).toEqual(['first', 'continue', 'continue'])
  })

  it('is continued by a user message if the model refuses an assistant message at the end', async () => {
    const provider = await modelThat('cooperative')
    provider.fail({ type: 'status', status: 400 })
    const models = { 'gpt-4': { continuation: 'assistant' as const } }
    const { text, receipt } = await read(provider, { models })
    expect(text).toBe(TEXT)
    expect(receipt?.attempts.map(({ status }) => status)).toEqual([200, 400, 200])
  })

  it('is cached whole', async () => {
    const provider = await modelThat('cooperative')
    const harbor = harborFor(provider, { onStreamFailure: 'continue', cache: true })
    const texts: string[] = []
    for (let call = 0; call < 2; call++) {
      let text = ''
      const stream = await harbor.chat.completions.create({ ...HELLO, temperature: 0, stream: true })
      for await (const { choices } of stream) text += choices[0]?.delta.content ?? ''
      texts.push(text)
    }
    expect(texts).toEqual([TEXT, TEXT])
    expect(provider.requests()).toHaveLength(2)
  })

  it('gets what is left of its output limit', async () => {
    const provider = await modelThat('cooperative')
    await read(provider, {}, { max_tokens: 500 })
    const { max_tokens: left } = provider.requests()[1]?.body as { max_tokens: number }
    expect(left).toBeGreaterThan(480)
    expect(left).toBeLessThanOrEqual(500)
  })

  it.each<[string, HarborOptions, object, PerCallOptions]>([
    ['the option is off', { onStreamFailure: 'resume' }, {}, {}],
    ['the option is off for the call', {}, {}, { onStreamFailure: 'error' }],
    ['its model continues nothing', { models: { 'gpt-4': { continuation: 'none' } } }, {}, {}],
    ['it has structured output', {}, { response_format: { type: 'json_object' } }, {}],
    ['no request is left', { maxUpstreamCalls: 1 }, {}, {}],
    ['its output limit is used up', {}, { max_tokens: 19 }, {}],
    ['no money is left', { spendLimit: { usd: 300, per: 'total' } }, { max_tokens: 200 }, {}],
  ])('fails as before, and sends nothing, if %s', async (_, options, request, call) => {
    const provider = await modelThat('cooperative')
    const { error, text } = await read(provider, options, request, call)
    expect(error).toMatchObject({ code: 'stream_incomplete' })
    expect(TEXT.startsWith(text)).toBe(true)
    expect(text).not.toBe('')
    expect(provider.requests()).toHaveLength(1)
  })

  it('is never continued inside the arguments of a tool', async () => {
    const parameters = { type: 'object', properties: { city: { type: 'string' }, days: { type: 'number' } } }
    const tools = [{ type: 'function', function: { name: 'weather', parameters } }]
    const provider = await simulate()
    provider.fail({ type: 'stream-cut', afterEvents: 4 })
    const { error, text } = await read(provider, {}, { tools, tool_choice: 'required' })
    expect(error).toMatchObject({ code: 'stream_incomplete' })
    expect(text).toBe('')
    expect(provider.requests()).toHaveLength(1)
  })

  it('ends when its caller aborts between two reads', async () => {
    const provider = await simulate()
    provider.script({ tokenMs: 1_000 })
    const harbor = harborFor(provider, { onStreamFailure: 'continue' })
    const ended = Promise.withResolvers<Receipt>()
    const call = perCall({ onReceipt: ended.resolve })
    const stream = await harbor.chat.completions.create({ ...HELLO, stream: true }, call)
    await stream[Symbol.asyncIterator]().next()
    stream.controller.abort()
    expect(await ended.promise).toMatchObject({ outcome: 'aborted' })
  })

  it('ends when its reader leaves while it is continued', async () => {
    const provider = await modelThat('cooperative')
    provider.fail({ type: 'hang' })
    const harbor = harborFor(provider, { onStreamFailure: 'continue' })
    const ended = Promise.withResolvers<Receipt>()
    const call = perCall({ onReceipt: ended.resolve })
    const stream = await harbor.chat.completions.create({ ...HELLO, stream: true }, call)
    const reading = (async () => {
      for await (const _ of stream);
    })()
    while (provider.requests().length < 2) await new Promise((resolve) => setTimeout(resolve, 5))
    stream.controller.abort()
    await reading
    const receipt = await ended.promise
    expect(receipt).toMatchObject({ outcome: 'aborted' })
    expect(receipt.attempts.at(-1)).toMatchObject({ reason: 'continue', failure: { kind: 'aborted' } })
  })
})
