import { OptionError } from '../base/errors.ts'
import { isRecord, type JsonBody } from '../base/json.ts'
import type { Answer, Exchange, StreamEnd } from './exchange.ts'

/** The model name in a last-resort answer to a request that names no model. */
const UNNAMED = 'last-resort'

/**
 * Makes the answer to a call from the value that `lastResort` returned. A text is put into the format of the protocol. If the call asked
 * for a stream, the answer is sent as a stream.
 * @param value a text, or the body of an answer
 * @throws OptionError for any other value
 */
export function lastResortAnswer(exchange: Exchange, value: unknown): Answer {
  const { operation, streaming } = exchange
  const body = bodyOf(exchange, value)
  const headers = new Headers({ 'x-harbor-degraded': 'true' })
  const head = { status: 200, statusText: 'OK', headers, url: exchange.url }
  headers.set('content-type', streaming ? 'text/event-stream' : 'application/json')
  if (!streaming) return { ...head, body: { kind: 'text', text: JSON.stringify(body) } }
  return { ...head, body: { kind: 'stream', ...streamOf(operation.lastResort.eventsOf(body)) } }
}

function bodyOf({ operation, receipt, policy }: Exchange, value: unknown): JsonBody {
  if (isRecord(value)) return value
  const facts = {
    id: receipt.id,
    model: receipt.model ?? UNNAMED,
    at: Math.floor(policy.clock.now() / 1_000),
  }
  const body = typeof value === 'string' ? operation.lastResort.bodyOf(value, facts) : undefined
  if (body) return body
  throw new OptionError(
    'lastResort',
    `lastResort must return a text, the body of an answer, or undefined; got ${typeof value} for ${operation.name}.`,
  )
}

/** Makes a stream of these events. `ended` resolves when the stream was read to its end or cancelled. */
function streamOf(events: readonly string[]): {
  chunks: AsyncIterable<Uint8Array>
  ended: Promise<StreamEnd>
  abandon: () => void
} {
  const { promise, resolve } = Promise.withResolvers<StreamEnd>()
  const encoder = new TextEncoder()
  async function* read(): AsyncGenerator<Uint8Array> {
    try {
      for (const event of events) yield await Promise.resolve(encoder.encode(event))
      resolve({ outcome: 'success' })
    } finally {
      resolve({ outcome: 'aborted' })
    }
  }
  return { chunks: read(), ended: promise, abandon: () => resolve({ outcome: 'aborted' }) }
}
