import Anthropic from '@anthropic-ai/sdk'
import { EventEmitter, once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { receiptOf, type HarborFetch, type HarborFetchOptions, type Receipt } from '../../src/index.ts'
import { harborFetchFor } from './harbor-for.ts'

export const QUESTION = {
  model: 'claude-sonnet-4-6',
  max_tokens: 100,
  messages: [{ role: 'user' as const, content: 'Say hello.' }],
}

const USAGE = {
  input_tokens: 12,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
  output_tokens: 1,
}

export const MESSAGE = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-sonnet-4-6',
  content: [{ type: 'text', text: 'Hello there' }],
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage: { ...USAGE, output_tokens: 5, service_tier: 'standard' },
}

/** The events of a stream with the message above, as data. */
export const EVENTS: readonly string[] = [
  {
    type: 'message_start',
    message: { ...MESSAGE, content: [], stop_reason: null, usage: { ...USAGE, service_tier: 'standard' } },
  },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'ping' },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hello' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: ' there' } },
  { type: 'content_block_stop', index: 0 },
  {
    type: 'message_delta',
    delta: { stop_reason: 'end_turn', stop_sequence: null },
    usage: { ...USAGE, output_tokens: 5 },
  },
  { type: 'message_stop' },
].map((event) => JSON.stringify(event))

/** The events on the wire: the type of each stands in its `event:` field, too. */
export function onWire(events: readonly string[]): string[] {
  return events.map((data) => `event: ${(JSON.parse(data) as { type: string }).type}\ndata: ${data}\n\n`)
}

export function errorEvent(type: string, message = 'Overloaded', details?: object): string {
  return JSON.stringify({ type: 'error', error: { type, message, ...(details && { details }) } })
}

/** Emits `answer` when the SDK gets an answer from Harbor, which has then judged the first events. */
const answers = new EventEmitter()

/** Sends a stream to a client of `anthropicOver()`. The events after `apart` are sent when the SDK has got the answer. */
export async function sendStream(
  response: ServerResponse,
  events: readonly string[],
  { apart, cut = false }: { apart?: number; cut?: boolean } = {},
): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'request-id': 'req_1' })
  response.flushHeaders()
  if (apart !== undefined) {
    const answered = once(answers, 'answer')
    response.write(events.slice(0, apart).join(''))
    await answered
  }
  const rest = events.slice(apart ?? 0).join('')
  if (!cut) {
    response.end(rest)
    return
  }
  if (rest !== '') response.write(rest)
  await sleep(60)
  response.destroy()
}

export interface Reading {
  readonly events: readonly unknown[]
  readonly text: string
  readonly error: unknown
  readonly receipt: Receipt | undefined
}

/** Anthropic's SDK over `createHarborFetch()`, with its own retries off. */
export function anthropicOver(
  origin: string,
  options: HarborFetchOptions = {},
): { client: Anthropic; harborFetch: HarborFetch; last: () => Receipt | undefined } {
  const harborFetch = harborFetchFor(options)
  let last: Receipt | undefined
  const client = new Anthropic({
    apiKey: 'test-key',
    baseURL: origin,
    fetch: async (...request) => {
      const response = await harborFetch(...request)
      last = receiptOf(response)
      answers.emit('answer')
      return response
    },
    maxRetries: 0,
    logLevel: 'off',
  })
  return { client, harborFetch, last: () => last }
}

/** Reads a whole stream through Anthropic's SDK. */
export async function readStream(
  { client, last }: ReturnType<typeof anthropicOver>,
  request: object = QUESTION,
): Promise<Reading> {
  const events: unknown[] = []
  let text = ''
  let error: unknown
  try {
    const stream = await client.messages.create({ ...(request as typeof QUESTION), stream: true })
    for await (const event of stream) {
      events.push(event)
      if (event.type === 'content_block_delta' && event.delta.type === 'text_delta') text += event.delta.text
    }
  } catch (thrown) {
    error = thrown
  }
  return { events, text, error, receipt: last() }
}
