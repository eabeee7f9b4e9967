import { createAnthropic } from '@ai-sdk/anthropic'
import { createGoogle } from '@ai-sdk/google'
import { createOpenAI } from '@ai-sdk/openai'
import { useSimulator } from '@harbor/simulator/vitest'
import OpenAI from 'openai'
import { ContentFilterFinishReasonError } from 'openai/error'
import { zodResponseFormat } from 'openai/helpers/zod'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { modelFetch } from '../../src/index.ts'
import { failureOf } from './client.ts'

const provider = useSimulator()
const key = { apiKey: 'k' }
const openai = () => createOpenAI({ ...key, baseURL: provider.baseURL })
const FETCHES = {
  'openai.chat': modelFetch((id) => openai().chat(id)),
  'openai.responses': modelFetch((id) => openai().responses(id)),
  anthropic: modelFetch((id) => createAnthropic({ ...key, baseURL: `${provider.url}/v1` })(id)),
  google: modelFetch((id) => createGoogle({ ...key, baseURL: `${provider.url}/v1beta` })(id)),
} as const
const ROWS = [
  ['openai.chat', 'gpt-4o'],
  ['openai.responses', 'gpt-4o'],
  ['anthropic', 'claude-sonnet-4-6'],
  ['google', 'gemini-2.5-pro'],
] as const

const FAULTS: Parameters<typeof provider.fail> = [
  { type: 'overloaded' },
  { type: 'reset', when: 'before-headers' },
  { type: 'stream-cut', afterEvents: 1 },
  { type: 'stream-cut', afterEvents: 5, inside: true },
  { type: 'stream-end', afterEvents: 1 },
  { type: 'stream-end', afterEvents: 5 },
  { type: 'stream-garbage', afterEvents: 5 },
  { type: 'stream-error', afterEvents: 0 },
  { type: 'stream-error', afterEvents: 5 },
  { type: 'json-for-stream' },
  { type: 'error-200' },
  { type: 'html-200' },
  { type: 'empty-body' },
  { type: 'broken-json' },
  { type: 'no-end' },
]

describe.each(ROWS)('the OpenAI client over %s', (vendor, model) => {
  const client = new OpenAI({
    ...key,
    baseURL: 'https://m.invalid/v1',
    maxRetries: 0,
    fetch: FETCHES[vendor],
  })
  const asked = (content: string) => ({ model, messages: [{ role: 'user' as const, content }] })
  const HARBOUR = asked('Tell me of the harbour.')

  async function streamed(): Promise<string> {
    const stream = await client.chat.completions.create({ ...HARBOUR, stream: true })
    let text = ''
    let reason: string | null | undefined
    for await (const { choices } of stream) {
      text += choices[0]?.delta.content ?? ''
      reason = choices[0]?.finish_reason ?? reason
    }
    expect(reason).toBe('stop')
    return text
  }

  async function whole(): Promise<string | null | undefined> {
    const [choice] = (await client.chat.completions.create(HARBOUR)).choices
    expect(choice?.finish_reason).toBe('stop')
    return choice?.message.content
  }

  it.each(FAULTS.map((fault) => [JSON.stringify(fault), fault] as const))(
    'gets a whole answer or a typed error, and never a short text, after the fault %s',
    async (_, fault) => {
      const expected = await whole()
      for (const call of [streamed, whole]) {
        provider.fail(fault)
        const got: unknown = await call().catch((error: unknown) => error)
        if (got instanceof Error) expect(got).toBeInstanceOf(OpenAI.APIError)
        else expect(got).toBe(expected)
        provider.reset()
      }
    },
  )

  it('parses structured output, JSON and streamed', async () => {
    const Port = z.object({ city: z.string(), berths: z.array(z.object({ depth: z.number() })) })
    const request = { ...asked('x'), response_format: zodResponseFormat(Port, 'port') }
    const answer = await client.chat.completions.parse(request)
    expect(Port.parse(answer.choices[0]?.message.parsed)).toBeDefined()
    const final = await client.chat.completions.stream(request).finalChatCompletion()
    expect(final.choices[0]?.message.parsed).toEqual(answer.choices[0]?.message.parsed)
  })

  it('resolves the references of a strict schema at the provider', async () => {
    const schema = {
      type: 'object',
      properties: { berth: { $ref: '#/$defs/berth' } },
      required: ['berth'],
      additionalProperties: false,
      $defs: {
        berth: {
          type: 'object',
          properties: { name: { type: 'string' } },
          required: ['name'],
          additionalProperties: false,
        },
      },
    }
    const answer = await client.chat.completions.create({
      ...asked('x'),
      response_format: { type: 'json_schema', json_schema: { name: 'port', schema, strict: true } },
    })
    expect(JSON.parse(answer.choices[0]?.message.content ?? '')).toEqual({ berth: { name: 'harbor' } })
  })

  it.each([false, true])('runs tools in parallel, to a last answer (stream: %s)', async (stream) => {
    const called: string[] = []
    const tool = (name: string) => ({
      type: 'function' as const,
      function: {
        name,
        description: 'Measures.',
        parameters: { type: 'object', properties: { port: { type: 'string' } }, required: ['port'] },
        parse: JSON.parse as (input: string) => { port: string },
        function: ({ port }: { port: string }) => (called.push(`${name} ${port}`), 'high'),
      },
    })
    const request = { ...asked('Use tide and wind'), tools: [tool('tide'), tool('wind')] }
    const runner = stream
      ? client.chat.completions.runTools({ ...request, stream: true })
      : client.chat.completions.runTools(request)
    expect(await runner.finalContent()).toBeTruthy()
    expect(called).toEqual(['tide harbor', 'wind harbor'])
    expect(runner.messages.map(({ role }) => role)).toEqual([
      'user',
      'assistant',
      'tool',
      'tool',
      'assistant',
    ])
  })

  it.each(['refusal', 'content-filter'] as const)(
    'marks an answer with the fault %s as filtered, so that its text is not parsed',
    async (type) => {
      provider.fail({ type }, { type })
      const request = { ...HARBOUR, response_format: zodResponseFormat(z.object({}), 'port') }
      const answer = await failureOf(client.chat.completions.parse(request))
      expect(answer).toBeInstanceOf(ContentFilterFinishReasonError)
      const stream = await client.chat.completions.stream(HARBOUR).finalChatCompletion()
      expect(stream.choices[0]?.finish_reason).toBe('content_filter')
    },
  )

  it('sends an image, and the parts around it in their order', async () => {
    const image = { url: 'data:image/png;base64,iVBORw0KGgo=', detail: 'low' as const }
    await client.chat.completions.create({
      model,
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'first' },
            { type: 'image_url', image_url: image },
            { type: 'text', text: 'last' },
          ],
        },
      ],
    })
    const sent = JSON.stringify(provider.requests().at(-1)?.body)
    const order = ['first', 'iVBORw0KGgo=', 'last'].map((text) => sent.indexOf(text))
    expect(order.every((at, index) => at > (order[index - 1] ?? -1))).toBe(true)
    expect(sent.includes('"detail":"low"')).toBe(vendor.startsWith('openai'))
  })
})

describe('an option that a package ignores', () => {
  it.each([
    ['anthropic', 'response_format', { response_format: { type: 'json_object' } }],
    ['openai.responses', 'stop', { stop: ['END'] }],
  ] as const)('is refused before the call is billed: %s, %s', async (vendor, name, options) => {
    const client = new OpenAI({
      ...key,
      baseURL: 'https://m.invalid/v1',
      maxRetries: 0,
      fetch: FETCHES[vendor],
    })
    const request = { model: 'm', messages: [{ role: 'user' as const, content: 'x' }] }
    const error = await failureOf(
      client.chat.completions.create({ ...request, ...options } as typeof request),
    )
    expect(error).toMatchObject({ status: 400, code: 'unsupported_by_model' })
    expect(String(error)).toContain(name)
    expect(provider.counts().calls).toBe(0)
  })
})
