import Anthropic from '@anthropic-ai/sdk'
import { GoogleGenAI } from '@google/genai'
import { continuingReply } from '@harbor/simulator'
import { describe, expect, it } from 'vitest'
import type { HarborFetchOptions, Receipt } from '../src/index.ts'
import { harborFetchFor, simulate } from './helpers/harbor-for.ts'

const TEXT =
  'A harbour is a sheltered place on the coast. Ships load and unload there, wait for better weather, and are repaired. ' +
  'The oldest harbours lie at the mouths of rivers; the largest ones were dug into the land.'

const QUESTION = 'What is a harbour?'
const WIRES = {
  anthropic: {
    path: '/messages',
    body: {
      model: 'claude-sonnet-4-6',
      max_tokens: 400,
      stream: true,
      messages: [{ role: 'user', content: QUESTION }],
    },
  },
  gemini: {
    path: '/models/gemini-2.5-pro:streamGenerateContent?alt=sse',
    body: {
      contents: [{ role: 'user', parts: [{ text: QUESTION }] }],
      generationConfig: { maxOutputTokens: 400 },
    },
  },
} as const
type Wire = keyof typeof WIRES

interface Event {
  readonly type?: string
  readonly index?: number
  readonly delta?: { readonly text?: string }
  readonly responseId?: string
  readonly candidates?: readonly {
    readonly content?: { readonly parts?: readonly { readonly text?: string }[] }
  }[]
  readonly error?: object
}

/** Reads a stream that is cut after this number of events. */
async function read(wire: Wire, afterEvents: number, options: HarborFetchOptions = {}, more: object = {}) {
  const provider = await simulate()
  provider.script({ reply: continuingReply(TEXT, 'cooperative') })
  provider.fail({ type: 'stream-cut', afterEvents })
  let receipt: Receipt | undefined
  const fetch = harborFetchFor({ onStreamFailure: 'continue', ...options }).with({
    onReceipt: (ended) => (receipt = ended),
  })
  const { path, body } = WIRES[wire]
  const response = await fetch(`${provider.baseURL}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': 'key', 'anthropic-version': '2023-06-01' },
    body: JSON.stringify({ ...body, ...more }),
  })
  const stream = await response.text()
  const events = stream
    .split('\n')
    .flatMap((line) => (line.startsWith('data: ') ? [JSON.parse(line.slice(6)) as Event] : []))
  const text = events
    .map(
      ({ delta, candidates }) =>
        delta?.text ?? candidates?.[0]?.content?.parts?.map((part) => part.text).join('') ?? '',
    )
    .join('')
  return { provider, stream, events, text, receipt, error: events.find(({ error }) => error)?.error }
}

describe.each<Wire>(['anthropic', 'gemini'])('a broken stream of %s', (wire) => {
  it.each(['user-turn', 'assistant'] as const)('is continued by the model: %s', async (continuation) => {
    // Newer models of Anthropic refuse an assistant message at the end.
    const model = wire === 'anthropic' ? 'claude-sonnet-4-5' : 'gemini-2.5-pro'
    const models = { [`${wire === 'anthropic' ? 'anthropic' : 'google'}/${model}`]: { continuation } }
    const more = wire === 'anthropic' ? { model } : {}
    const { text, error, receipt, stream, provider: upstream } = await read(wire, 25, { models }, more)
    expect(error).toBeUndefined()
    expect(text).toBe(TEXT)
    expect(receipt).toMatchObject({ outcome: 'success' })
    expect(receipt?.attempts.map(({ reason }) => reason)).toEqual(['first', 'continue'])
    expect(stream).toContain(': harbor: continued\n\n')
    const sent = JSON.stringify(upstream.requests()[1]?.body)
    expect(sent.includes('cut off')).toBe(continuation === 'user-turn')
    expect(sent).toMatch(/"(?:max_tokens|maxOutputTokens)":3\d\d/)
  })

  it('is joined without a lost or doubled character, wherever it is cut', async () => {
    let joined = 0
    for (let afterEvents = 4; afterEvents < 50; afterEvents += 3) {
      const { text, error, receipt, stream } = await read(wire, afterEvents)
      if (error) expect(TEXT.startsWith(text)).toBe(true)
      else expect(text).toBe(TEXT)
      if (receipt?.attempts.length === 2 && !error) joined++
      expect(stream.includes(': harbor: continued')).toBe(receipt?.attempts.length === 2 && !error)
    }
    expect(joined).toBeGreaterThan(5)
  })
})

it('Claude 4.6 is asked by a user message after it has refused an assistant message at the end', async () => {
  const models = { 'anthropic/claude-sonnet-4-6': { continuation: 'assistant' as const } }
  const { text, receipt } = await read('anthropic', 25, { models })
  expect(text).toBe(TEXT)
  expect(receipt?.attempts.map(({ reason, status }) => [reason, status])).toEqual([
    ['first', 200],
    ['continue', 400],
    ['continue', 200],
  ])
})

it('a message keeps one text block, with one start and one stop', async () => {
  const { events } = await read('anthropic', 15)
  const types = events
    .filter(({ type }) => type !== 'content_block_delta' && type !== 'ping')
    .map(({ type }) => type)
  expect(types).toEqual([
    'message_start',
    'content_block_start',
    'content_block_stop',
    'message_delta',
    'message_stop',
  ])
  expect(new Set(events.map(({ index }) => index ?? 0))).toEqual(new Set([0]))
})

it('an answer of Gemini keeps its id', async () => {
  const { events } = await read('gemini', 15)
  expect(new Set(events.map(({ responseId }) => responseId)).size).toBe(1)
})

it.each<[string, Wire, object]>([
  [
    'a request of Anthropic with its own fallbacks',
    'anthropic',
    { fallbacks: [{ model: 'claude-haiku-4-5' }] },
  ],
  ['a request that redeems a refusal', 'anthropic', { fallback_credit_token: 'token' }],
  ['a request of Gemini that continues another', 'gemini', { continuationToken: 'token' }],
  ['structured output of Gemini', 'gemini', { generationConfig: { responseMimeType: 'application/json' } }],
  ['structured output of Anthropic', 'anthropic', { output_config: { format: { type: 'json_schema' } } }],
])('%s is not continued', async (_, wire, more) => {
  const { error, provider } = await read(wire, 15, {}, more)
  expect(error).toBeDefined()
  expect(provider.requests()).toHaveLength(1)
})

it("a continued stream is read by Anthropic's SDK", async () => {
  const { provider, fetch } = await cutProvider()
  const baseURL = provider.baseURL.replace(/\/v1$/, '')
  const anthropic = new Anthropic({ apiKey: 'key', baseURL, fetch, maxRetries: 0 })
  const { model, max_tokens } = WIRES.anthropic.body
  const messages = [{ role: 'user' as const, content: QUESTION }]
  const message = await anthropic.messages.stream({ model, max_tokens, messages }).finalMessage()
  expect(message.content).toMatchObject([{ type: 'text', text: TEXT }])
  expect(provider.requests()).toHaveLength(2)
})

it("a continued stream is read by Google's SDK", async () => {
  const { provider, fetch } = await cutProvider()
  const baseUrl = provider.baseURL.replace(/\/v1$/, '')
  const google = new GoogleGenAI({ apiKey: 'key', httpOptions: { baseUrl, fetch } })
  let text = ''
  const stream = await google.models.generateContentStream({ model: 'gemini-2.5-pro', contents: QUESTION })
  for await (const chunk of stream) text += chunk.text ?? ''
  expect(text).toBe(TEXT)
  expect(provider.requests()).toHaveLength(2)
})

async function cutProvider() {
  const provider = await simulate()
  provider.script({ reply: continuingReply(TEXT, 'cooperative') })
  provider.fail({ type: 'stream-cut', afterEvents: 25 })
  return { provider, fetch: harborFetchFor({ onStreamFailure: 'continue' }) }
}
