import OpenAI from 'openai'
import { afterAll, beforeEach, expect, it } from 'vitest'
import { startSimulator } from '../../index.ts'

const simulator = await startSimulator()
const provider = simulator.provider()
const client = new OpenAI({ apiKey: 'key', baseURL: provider.baseURL, maxRetries: 0 })
afterAll(() => simulator.close())
beforeEach(() => provider.script({}))

const tools: OpenAI.Responses.Tool[] = [
  {
    type: 'function',
    name: 'get_tide',
    strict: true,
    parameters: { properties: { port: { type: 'string' } } },
  },
]

async function eventsOf(params: Omit<OpenAI.Responses.ResponseCreateParamsStreaming, 'stream'>) {
  const events = []
  for await (const event of await client.responses.create({ ...params, stream: true })) events.push(event)
  return events
}

it('gives the same answer and usage with and without a stream', async () => {
  const params = { model: 'gpt-4', input: [{ role: 'user' as const, content: 'What is a harbour?' }] }
  const whole = await client.responses.create(params)
  const streamed = await client.responses.stream(params).finalResponse()
  expect(whole.status).toBe('completed')
  expect(whole.output_text).toContain('What is a harbour?')
  expect(streamed.output_text).toBe(whole.output_text)
  expect(streamed.usage).toEqual(whole.usage)
  expect(whole.usage?.total_tokens).toBe((whole.usage?.input_tokens ?? 0) + (whole.usage?.output_tokens ?? 0))
})

it('sends the events of a message in their real order, numbered from 0', async () => {
  provider.script({ reply: 'Ships come.' })
  const events = await eventsOf({ model: 'gpt-4', input: 'Hello' })
  expect(events.map((event) => event.type)).toEqual([
    'response.created',
    'response.in_progress',
    'response.output_item.added',
    'response.content_part.added',
    'response.output_text.delta',
    'response.output_text.delta',
    'response.output_text.delta',
    'response.output_text.done',
    'response.content_part.done',
    'response.output_item.done',
    'response.completed',
  ])
  expect(events.map((event) => event.sequence_number)).toEqual(events.map((_, index) => index))
})

it('calls tools with and without a stream', async () => {
  const params = { model: 'gpt-4', input: 'Hello', tools, tool_choice: 'required' as const }
  const whole = await client.responses.create(params)
  expect(whole.output).toMatchObject([
    { type: 'function_call', name: 'get_tide', arguments: '{"port":"harbor"}' },
  ])
  const events = await eventsOf(params)
  const types = events.map((event) => event.type)
  expect(types.filter((type, index) => type !== types[index - 1])).toEqual([
    'response.created',
    'response.in_progress',
    'response.output_item.added',
    'response.function_call_arguments.delta',
    'response.function_call_arguments.done',
    'response.output_item.done',
    'response.completed',
  ])
  const deltas = events.map((event) =>
    event.type === 'response.function_call_arguments.delta' ? event.delta : '',
  )
  expect(deltas.join('')).toBe('{"port":"harbor"}')
})

it('answers with text after the result of a tool', async () => {
  const answer = await client.responses.create({
    model: 'gpt-4',
    tools,
    input: [
      { role: 'user', content: 'Use get_tide' },
      { type: 'function_call', call_id: 'call_1', name: 'get_tide', arguments: '{}' },
      { type: 'function_call_output', call_id: 'call_1', output: 'high' },
    ],
  })
  expect(answer.output_text).toContain('You asked')
})

it('sends a reasoning item before the message for a reasoning model', async () => {
  const answer = await client.responses.create({ model: 'a-reasoning-model', input: 'Hello' })
  expect(answer.output.map((item) => item.type)).toEqual(['reasoning', 'message'])
  expect(answer.usage?.output_tokens_details.reasoning_tokens).toBeGreaterThan(0)
})

it('ends as incomplete at max_output_tokens', async () => {
  const params = { model: 'gpt-4', input: 'Hello', max_output_tokens: 2 }
  const events = await eventsOf(params)
  expect(events.at(-1)).toMatchObject({
    type: 'response.incomplete',
    response: { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } },
  })
})

it('answers with JSON of the requested schema', async () => {
  const schema = { type: 'object', properties: { deep: { type: 'boolean' } } }
  const answer = await client.responses.create({
    model: 'gpt-4',
    input: 'Hello',
    text: { format: { type: 'json_schema', name: 'harbour', schema } },
  })
  expect(JSON.parse(answer.output_text)).toEqual({ deep: true })
})
