import OpenAI from 'openai'
import { afterAll, beforeEach, expect, it } from 'vitest'
import { chat, chatStream, eventsOf } from '../../../test/wire.ts'
import { startSimulator } from '../../index.ts'

const simulator = await startSimulator()
const provider = simulator.provider()
const client = new OpenAI({ apiKey: 'key', baseURL: provider.baseURL, maxRetries: 0 })
afterAll(() => simulator.close())
beforeEach(() => provider.script({}))

const messages = [{ role: 'user' as const, content: 'What is a harbour?' }]
const tools: OpenAI.ChatCompletionTool[] = ['get_weather', 'get_tide'].map((name) => ({
  type: 'function',
  function: { name, parameters: { type: 'object', properties: { city: { type: 'string' } } } },
}))

it('gives equal answers to equal requests, and other answers to others', async () => {
  const [one, other] = [await chat(provider), await chat(provider)]
  expect(one.body).toBe(other.body)
  expect(one.headers['x-request-id']).not.toBe(other.headers['x-request-id'])
  const texts = await Promise.all(
    ['one', 'two'].map(
      async (content) =>
        (await client.chat.completions.create({ model: 'gpt-4', messages: [{ role: 'user', content }] }))
          .choices[0]?.message.content,
    ),
  )
  expect(texts[0]).toContain('one')
  expect(texts[1]).toContain('two')
})

it('gives the same answer and usage with and without a stream', async () => {
  const whole = await client.chat.completions.create({ model: 'gpt-4', messages, n: 2 })
  const streamed = await client.chat.completions
    .stream({ model: 'gpt-4', messages, n: 2, stream_options: { include_usage: true } })
    .finalChatCompletion()
  expect(whole.choices).toHaveLength(2)
  expect(whole.choices[0]?.message.content).not.toBe(whole.choices[1]?.message.content)
  expect(streamed.choices.map((choice) => [choice.message.content, choice.finish_reason])).toEqual(
    whole.choices.map((choice) => [choice.message.content, choice.finish_reason]),
  )
  expect(streamed.usage).toEqual(whole.usage)
  expect(whole.usage?.total_tokens).toBe(
    (whole.usage?.prompt_tokens ?? 0) + (whole.usage?.completion_tokens ?? 0),
  )
})

it('sends the usage in a separate chunk, only if requested', async () => {
  const chunks = []
  const options = { include_usage: true }
  const stream = await client.chat.completions.create({
    model: 'gpt-4',
    messages,
    stream: true,
    stream_options: options,
  })
  for await (const chunk of stream) chunks.push(chunk)
  expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: chunks.length - 3 } })
  expect(chunks.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true)

  const plain = await chatStream(provider)
  expect(plain.headers['content-type']).toContain('text/event-stream')
  expect(plain.body).not.toContain('usage')
  expect(eventsOf(plain.body).at(-1)).toBe('[DONE]')
})

it('sends one token per chunk, the role first and the finish reason last', async () => {
  provider.script({ reply: 'Ships come in.' })
  const { body } = await chatStream(provider)
  const deltas = eventsOf(body)
    .slice(0, -1)
    .map((data) => (JSON.parse(data) as OpenAI.ChatCompletionChunk).choices[0])
  expect(deltas.map((choice) => choice?.delta.content)).toEqual(['', 'Ships', ' come', ' in', '.', undefined])
  expect(deltas[0]?.delta.role).toBe('assistant')
  expect(deltas.map((choice) => choice?.finish_reason)).toEqual([null, null, null, null, null, 'stop'])
})

it('calls a tool if forced, or if the question names one or asks for one', async () => {
  const called = async (content: string, tool_choice: OpenAI.ChatCompletionToolChoiceOption = 'auto') => {
    const [choice] = (
      await client.chat.completions.create({
        model: 'gpt-4',
        messages: [{ role: 'user', content }],
        tools,
        tool_choice,
      })
    ).choices
    const names = choice?.message.tool_calls?.map((call) =>
      call.type === 'function' ? call.function.name : '',
    )
    expect(choice?.finish_reason).toBe(names ? 'tool_calls' : 'stop')
    return names
  }
  expect(await called('How are you?')).toBeUndefined()
  expect(await called('How are you?', 'required')).toEqual(['get_weather'])
  expect(await called('Use a tool, please')).toEqual(['get_weather'])
  expect(await called('Try get_tide')).toEqual(['get_tide'])
  expect(await called('Try get_tide and get_weather')).toEqual(['get_weather', 'get_tide'])
  expect(await called('Try get_tide', 'none')).toBeUndefined()
  expect(await called('Hello', { type: 'function', function: { name: 'get_tide' } })).toEqual(['get_tide'])
})

it('streams tool calls in fragments that join to valid arguments', async () => {
  const params = { model: 'gpt-4', messages, tools, tool_choice: 'required' as const }
  const streamed = await client.chat.completions.stream(params).finalChatCompletion()
  const whole = await client.chat.completions.create(params)
  const call = streamed.choices[0]?.message.tool_calls?.[0]
  expect(call).toMatchObject({
    type: 'function',
    function: { name: 'get_weather', arguments: '{"city":"harbor"}' },
  })
  expect(whole.choices[0]?.message.tool_calls?.[0]).toMatchObject({ id: call?.id })
})

it('answers with text after the result of a tool, so that runTools ends', async () => {
  const runner = client.chat.completions.runTools({
    model: 'gpt-4',
    messages: [{ role: 'user', content: 'Use get_weather' }],
    tools: [
      {
        type: 'function',
        function: {
          name: 'get_weather',
          description: 'The weather',
          parameters: { type: 'object', properties: { city: { type: 'string' } } },
          parse: JSON.parse,
          function: () => 'sunny',
        },
      },
    ],
  })
  expect(await runner.finalContent()).toContain('You asked')
  expect(provider.requests().at(-1)?.body).toMatchObject({
    messages: [{}, {}, { role: 'tool', content: 'sunny' }],
  })
})

it('sends reasoning first for a reasoning model', async () => {
  const params = { model: 'deepseek-reasoner', messages }
  const whole = await client.chat.completions.create(params)
  expect(whole.choices[0]?.message).toMatchObject({
    reasoning_content: expect.stringContaining('The user asks') as string,
  })
  expect(whole.usage?.completion_tokens_details?.reasoning_tokens).toBeGreaterThan(5)
  const kinds: string[] = []
  for await (const chunk of await client.chat.completions.create({ ...params, stream: true })) {
    const delta = chunk.choices[0]?.delta ?? {}
    kinds.push('reasoning_content' in delta ? 'reasoning' : delta.content ? 'content' : 'other')
  }
  const runs = kinds.filter((kind, index) => kind !== kinds[index - 1])
  expect(runs).toEqual(['other', 'reasoning', 'content', 'other'])
})

it('stops at max_tokens with finish_reason length', async () => {
  const answer = await client.chat.completions.create({ model: 'gpt-4', messages, max_completion_tokens: 3 })
  expect(answer.choices[0]).toMatchObject({ finish_reason: 'length', message: { content: 'You asked:' } })
  expect(answer.usage?.completion_tokens).toBe(3)
})

it('answers with JSON of the requested schema', async () => {
  const schema = { type: 'object', properties: { depth: { type: 'number' } } }
  const answer = await client.chat.completions.parse({
    model: 'gpt-4',
    messages,
    response_format: { type: 'json_schema', json_schema: { name: 'harbour', schema, strict: true } },
  })
  expect(JSON.parse(answer.choices[0]?.message.content ?? '')).toEqual({ depth: 1 })
})

it('answers with the reply of the script', async () => {
  provider.script({ reply: ({ call, operation }) => `call ${call} for ${operation}` })
  provider.reset()
  const answer = await client.chat.completions.create({ model: 'gpt-4', messages })
  expect(answer.choices[0]?.message.content).toBe('call 1 for chat')
})
