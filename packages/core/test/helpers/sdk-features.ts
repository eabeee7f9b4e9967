import type OpenAI from 'openai'
import { zodResponseFormat, zodTextFormat } from 'openai/helpers/zod'
import { z } from 'zod'
import { collect } from './sdk-versions.ts'
import { HELLO } from './harbor-for.ts'

/** One feature of the SDK, and what its user sees of it. */
export interface Feature {
  readonly name: string
  /** How many requests it makes when all succeed. */
  readonly requests: number
  readonly use: (client: OpenAI, options?: OpenAI.RequestOptions) => Promise<unknown>
}

const Place = z.object({ city: z.string(), population: z.number() })
const ASK = { model: 'gpt-4', input: 'Say hello.' }
const EMBED = { model: 'text-embedding-3-small', input: ['one', 'two'], dimensions: 8 }
const WEATHER = {
  type: 'function',
  function: {
    name: 'weather',
    description: 'The weather of a city.',
    parameters: { type: 'object', properties: { city: { type: 'string' } } },
    parse: JSON.parse,
    function: () => 'It rains.',
  },
} as const

/** The SDK's features that make requests, as far as the simulator supports them. */
export const FEATURES: readonly Feature[] = [
  {
    name: 'chat.completions.create',
    requests: 1,
    use: async (client, options) => client.chat.completions.create(HELLO, options),
  },
  {
    name: 'chat.completions.create with stream: true',
    requests: 1,
    use: async (client, options) =>
      collect(
        await client.chat.completions.create(
          { ...HELLO, stream: true, stream_options: { include_usage: true } },
          options,
        ),
      ),
  },
  {
    name: 'chat.completions.stream, its events and its final message',
    requests: 1,
    use: async (client, options) => {
      const stream = client.chat.completions.stream(HELLO, options)
      const events: unknown[] = []
      stream.on('content', (delta, snapshot) => events.push(['content', delta, snapshot]))
      stream.on('finalContent', (content) => events.push(['finalContent', content]))
      stream.on('end', () => events.push(['end']))
      return { message: await stream.finalMessage(), usage: await stream.totalUsage(), events }
    },
  },
  {
    name: 'chat.completions.parse with a zod schema',
    requests: 1,
    use: async (client, options) => {
      const body = { ...HELLO, response_format: zodResponseFormat(Place, 'place') }
      const completion = await client.chat.completions.parse(body, options)
      return { completion, place: Place.parse(completion.choices[0]?.message.parsed) }
    },
  },
  {
    name: 'chat.completions.runTools',
    requests: 2,
    use: async (client, options) => {
      const messages = [{ role: 'user' as const, content: 'What is the weather? Use the tool.' }]
      const runner = client.chat.completions.runTools({ model: 'gpt-4', messages, tools: [WEATHER] }, options)
      return { content: await runner.finalContent(), messages: runner.messages }
    },
  },
  {
    name: 'chat.completions.runTools with stream: true',
    requests: 2,
    use: async (client, options) => {
      const messages = [{ role: 'user' as const, content: 'What is the weather? Use the tool.' }]
      const body = { model: 'gpt-4', messages, tools: [WEATHER], stream: true as const }
      const runner = client.chat.completions.runTools(body, options)
      return { content: await runner.finalContent(), messages: runner.messages }
    },
  },
  {
    name: 'responses.create and its output_text',
    requests: 1,
    use: async (client, options) => {
      const response = await client.responses.create(ASK, options)
      return { response, text: response.output_text }
    },
  },
  {
    name: 'responses.create with stream: true',
    requests: 1,
    use: async (client, options) => collect(await client.responses.create({ ...ASK, stream: true }, options)),
  },
  {
    name: 'responses.stream and its final response',
    requests: 1,
    use: async (client, options) => {
      const stream = client.responses.stream(ASK, options)
      return { events: await collect(stream), final: await stream.finalResponse() }
    },
  },
  {
    name: 'responses.parse with a zod schema',
    requests: 1,
    use: async (client, options) => {
      const body = { ...ASK, text: { format: zodTextFormat(Place, 'place') } }
      const response = await client.responses.parse(body, options)
      return { response, place: Place.parse(response.output_parsed) }
    },
  },
  {
    name: 'embeddings.create, which decodes base64',
    requests: 1,
    use: async (client, options) => client.embeddings.create(EMBED, options),
  },
  {
    name: 'embeddings.create with floats',
    requests: 1,
    use: async (client, options) => client.embeddings.create({ ...EMBED, encoding_format: 'float' }, options),
  },
  {
    name: 'models.list, iterated',
    requests: 1,
    use: async (client, options) => collect(client.models.list(options)),
  },
  {
    name: 'models.retrieve',
    requests: 1,
    use: async (client, options) => client.models.retrieve('gpt-4o', options),
  },
  {
    name: 'post, for endpoints without a method',
    requests: 1,
    use: async (client, options) => client.post('/chat/completions', { ...options, body: HELLO }),
  },
  {
    name: 'withResponse',
    requests: 1,
    use: async (client, options) => {
      const { data, response, request_id } = await client.chat.completions
        .create(HELLO, options)
        .withResponse()
      return { data, status: response.status, named: typeof request_id === 'string' }
    },
  },
  {
    name: 'asResponse',
    requests: 1,
    use: async (client, options) => {
      const response = await client.chat.completions.create(HELLO, options).asResponse()
      return { status: response.status, url: response.url, body: await response.json() }
    },
  },
]
