import Anthropic from '@anthropic-ai/sdk'
import type { Vendor } from './vendor.ts'
import { isRecord } from '../../src/base/json.ts'

const QUESTION = {
  model: 'claude-sonnet-4-6',
  max_tokens: 1_000,
  messages: [{ role: 'user' as const, content: 'Hi.' }],
}

/** `@anthropic-ai/sdk`. Its stream begins with `message_start`, `content_block_start` and a ping, which the SDK does not return. */
export const ANTHROPIC: Vendor = {
  name: 'Anthropic',
  provider: 'anthropic',
  kind: 'anthropic',
  model: QUESTION.model,
  places: { beforeContent: 1, midStream: 7 },
  baseURL: (address) => new URL(address).origin,
  async call({ baseURL, fetch, form, signal }, chunks) {
    const client = new Anthropic({ apiKey: 'test-key', baseURL, fetch, maxRetries: 0, logLevel: 'off' })
    if (form === 'JSON') chunks.push(await client.messages.create(QUESTION, { signal }))
    else
      for await (const event of await client.messages.create({ ...QUESTION, stream: true }, { signal }))
        chunks.push(event)
  },
  textOf(form, chunks) {
    if (form === 'JSON') {
      const [message] = chunks as readonly Anthropic.Message[]
      return message?.content.map((block) => (block.type === 'text' ? block.text : '')).join('') ?? ''
    }
    const events = chunks as readonly Anthropic.RawMessageStreamEvent[]
    const ends = events.filter(({ type }) => type === 'message_stop')
    if (ends.length !== 1 || events.at(-1)?.type !== 'message_stop') throw new Error('It does not end once.')
    if (events.filter(({ type }) => type === 'message_start').length !== 1)
      throw new Error('It does not begin once.')
    return events
      .map((event) =>
        event.type === 'content_block_delta' && event.delta.type === 'text_delta' ? event.delta.text : '',
      )
      .join('')
  },
  factsOf(error) {
    if (!(error instanceof Anthropic.APIError))
      return { isTyped: false, status: undefined, code: undefined, message: String(error) }
    const { status } = error as { status: number | undefined }
    const { error: body } = error as { error: unknown }
    const inner = isRecord(body) && isRecord(body['error']) ? body['error'] : {}
    const details = isRecord(inner['details']) ? inner['details'] : {}
    return {
      isTyped:
        error instanceof Anthropic.APIConnectionError ||
        status === undefined || // an error inside a stream
        error.constructor === Anthropic.APIError.generate(status, {}, '', new Headers()).constructor,
      status,
      code: typeof details['error_code'] === 'string' ? details['error_code'] : undefined,
      message: typeof inner['message'] === 'string' ? inner['message'] : error.message,
    }
  },
}
