import Anthropic from '@anthropic-ai/sdk'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { eventsOf, post } from '../../../test/wire.ts'
import { startSimulator } from '../../index.ts'

const simulator = await startSimulator()
const provider = simulator.provider()
const origin = `http://127.0.0.1:${provider.port}`
const client = new Anthropic({ apiKey: 'key', baseURL: origin, maxRetries: 0 })
afterAll(() => simulator.close())
beforeEach(() => {
  provider.script({})
  provider.reset()
})

const model = 'claude-sonnet-4-6'
const messages = [{ role: 'user' as const, content: 'What is a harbour?' }]
const request = { model, max_tokens: 500, messages }
const headers = { 'anthropic-version': '2023-06-01' }
const tools: Anthropic.Tool[] = ['get_weather', 'get_tide'].map((name) => ({
  name,
  input_schema: { type: 'object', properties: { city: { type: 'string' } } },
}))

/** The types of the events of a stream, each once in a row. */
async function typesOf(body: object): Promise<string[]> {
  const answer = await post(provider, '/messages', { ...body, stream: true }, { headers })
  const types = eventsOf(answer.body).map((data) => (JSON.parse(data) as { type: string }).type)
  return types.filter((type, index) => type !== types[index - 1])
}

describe('a message', () => {
  it('is the same with and without a stream, usage included', async () => {
    const whole = await client.messages.create(request)
    const streamed = await client.messages.stream(request).finalMessage()
    expect(whole.content).toEqual([{ type: 'text', text: expect.stringContaining('harbour') as string }])
    expect(streamed.content).toMatchObject(whole.content)
    expect(whole.stop_reason).toBe('end_turn')
    expect(streamed).toMatchObject({ stop_reason: 'end_turn', model, usage: whole.usage })
    expect(provider.counts().tokens.output).toBe(2 * whole.usage.output_tokens)
    expect(provider.counts().byOperation).toEqual({ messages: 2 })
  })

  it('is streamed in the order of events that Anthropic documents', async () => {
    expect(await typesOf(request)).toEqual([
      'message_start',
      'content_block_start',
      'ping',
      'content_block_delta',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ])
  })

  it('names each event by the type of its data', async () => {
    const { body, headers: received } = await post(
      provider,
      '/messages',
      { ...request, stream: true },
      { headers },
    )
    expect(received['content-type']).toBe('text/event-stream; charset=utf-8')
    expect(received['request-id']).toMatch(/^req_/)
    for (const [, name, data = ''] of body.matchAll(/event: (.*)\ndata: (.*)\n\n/g)) {
      expect(JSON.parse(data)).toMatchObject({ type: name })
    }
  })

  it('calls a tool with arguments, and a tool without arguments by one empty delta', async () => {
    const ask = {
      ...request,
      messages: [{ role: 'user' as const, content: 'Call get_weather and get_tide.' }],
    }
    const whole = await client.messages.create({ ...ask, tools })
    expect(whole.stop_reason).toBe('tool_use')
    expect(whole.content).toMatchObject([
      { type: 'tool_use', name: 'get_weather', input: { city: 'harbor' } },
      { type: 'tool_use', name: 'get_tide', input: { city: 'harbor' } },
    ])
    const streamed = await client.messages.stream({ ...ask, tools }).finalMessage()
    expect(streamed.content).toMatchObject(whole.content)

    const plain: Anthropic.Tool[] = [{ name: 'get_tide', input_schema: { type: 'object' } }]
    const { body } = await post(provider, '/messages', { ...ask, tools: plain, stream: true }, { headers })
    expect(body.match(/input_json_delta.*/g)).toEqual(['input_json_delta","partial_json":""}}'])
    expect((await client.messages.create({ ...ask, tools: plain })).content).toMatchObject([{ input: {} }])
  })

  it('answers in text after the result of a tool', async () => {
    const answer = await client.messages.create({
      ...request,
      tools,
      messages: [
        { role: 'user', content: 'Use get_tide.' },
        { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'get_tide', input: {} }] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'high' }] },
      ],
    })
    expect(answer.content).toMatchObject([{ type: 'text' }])
  })

  it.each([
    [{ type: 'any' as const }, 1],
    [{ type: 'tool' as const, name: 'get_tide' }, 1],
    [{ type: 'none' as const }, 0],
    [{ type: 'auto' as const }, 0],
  ])('obeys the tool choice %j', async (tool_choice, calls) => {
    const { content } = await client.messages.create({ ...request, tools, tool_choice })
    expect(content.filter(({ type }) => type === 'tool_use')).toHaveLength(calls)
  })

  it('thinks if the request says so, and signs its thoughts', async () => {
    const thinking = { type: 'enabled' as const, budget_tokens: 100 }
    const whole = await client.messages.create({ ...request, thinking })
    expect(whole.content).toMatchObject([
      { type: 'thinking', thinking: expect.stringContaining('asks') as string },
      { type: 'text' },
    ])
    expect(whole.usage.output_tokens_details?.thinking_tokens).toBeGreaterThan(5)
    const streamed = await client.messages.stream({ ...request, thinking }).finalMessage()
    expect(streamed.content).toMatchObject(whole.content)
    expect(streamed.usage).toEqual(whole.usage)

    const omitted = { type: 'adaptive' as const, display: 'omitted' as const }
    const signed = await client.messages.create({ ...request, thinking: omitted })
    expect(signed.content[0]).toMatchObject({ type: 'thinking', thinking: '' })
  })

  it('ends at max_tokens and before a stop sequence, and says so', async () => {
    const short = await client.messages.create({ ...request, max_tokens: 3 })
    expect(short).toMatchObject({ stop_reason: 'max_tokens', usage: { output_tokens: 3 } })
    provider.script({ reply: 'One two STOP three.' })
    const stopped = await client.messages.create({ ...request, stop_sequences: ['three', 'STOP'] })
    expect(stopped).toMatchObject({
      stop_reason: 'stop_sequence',
      stop_sequence: 'STOP',
      content: [{ text: 'One two ' }],
    })
  })

  it('is a JSON value for a schema', async () => {
    const schema = { type: 'object' as const, properties: { city: { type: 'string' } } }
    const { content } = await client.messages.create({
      ...request,
      output_config: { format: { type: 'json_schema', schema } },
    })
    expect(content).toMatchObject([{ text: '{"city":"harbor"}' }])
  })

  it('is answered below the paths of Vertex AI, with the model and the stream from the path', async () => {
    const body = { anthropic_version: 'vertex-2023-10-16', max_tokens: 20, messages }
    const path = '/projects/p/locations/global/publishers/anthropic/models/claude-sonnet-4-6'
    const whole = await post(provider, `${path}:rawPredict`, body)
    expect(JSON.parse(whole.body)).toMatchObject({ type: 'message', model: 'claude-sonnet-4-6' })
    const stream = await post(provider, `${path}:streamRawPredict`, body)
    expect(stream.body).toMatch(/^event: message_start\n/)
    expect(provider.requests()).toMatchObject([
      { operation: 'messages', model, stream: false },
      { operation: 'messages', model, stream: true },
    ])
    const { anthropic_version: _, ...without } = body
    expect((await post(provider, `${path}:rawPredict`, without)).body).toContain('anthropic_version')
  })
})

describe('the usage', () => {
  const long = 'A harbour shelters ships from the storm. '.repeat(50)
  const cached = (cache_control: Anthropic.CacheControlEphemeral) => ({
    ...request,
    system: [{ type: 'text' as const, text: long, cache_control }],
  })

  it('counts what is written to the cache by its time to live, apart from the input', async () => {
    const { usage: plain } = await client.messages.create({ ...request, system: long })
    const { usage: short } = await client.messages.create(cached({ type: 'ephemeral' }))
    const { usage: hour } = await client.messages.create(cached({ type: 'ephemeral', ttl: '1h' }))
    expect(plain).toMatchObject({ cache_creation_input_tokens: 0, cache_read_input_tokens: 0 })
    expect(short.cache_creation).toEqual({
      ephemeral_5m_input_tokens: Math.floor(long.length / 4),
      ephemeral_1h_input_tokens: 0,
    })
    expect(hour.cache_creation).toMatchObject({ ephemeral_1h_input_tokens: Math.floor(long.length / 4) })
    expect(short.input_tokens + (short.cache_creation_input_tokens ?? 0)).toBe(plain.input_tokens)
  })

  it('counts the share that the script says was read from the cache', async () => {
    provider.script({ cachedShare: 0.5, servedTier: 'priority' })
    const { usage } = await client.messages.create(cached({ type: 'ephemeral' }))
    expect(usage).toMatchObject({ cache_read_input_tokens: 256, cache_creation_input_tokens: 256 })
    expect(usage.service_tier).toBe('priority')
    expect((await client.messages.create(request)).usage.cache_read_input_tokens).toBe(0)
  })

  it('is what count_tokens counts', async () => {
    const { usage } = await client.messages.create({ ...request, tools })
    expect(await client.messages.countTokens({ model, messages, tools })).toEqual({
      input_tokens: usage.input_tokens,
    })
    expect(provider.counts().byOperation).toEqual({ messages: 1, 'count-tokens': 1 })
  })
})
