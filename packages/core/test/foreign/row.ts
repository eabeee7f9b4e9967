import type { FaultOf } from '@harbor/simulator'
import type { FailureKind } from '@harbor/retry'
import type { HarborFetchOptions } from '../../src/index.ts'
import type { ErrorClass } from '../helpers/expect-failure.ts'

/** The requests that a row can be answered to. */
export type Ask =
  | 'chat'
  | 'chat stream'
  | 'completions'
  | 'completions stream'
  | 'responses'
  | 'responses stream'
  | 'embeddings'

/** An odd answer that a real server gives, and the expected result. To cover another one, add a row. */
export interface ForeignRow {
  readonly what: string
  /** What the upstream answers to every request, byte for byte. */
  readonly answer: Omit<FaultOf<'raw'>, 'type'>
  readonly to: readonly Ask[]
  readonly becomes: Outcome
  /** Fields of the request beside or instead of the usual ones. */
  readonly request?: object
  /** Options of the client. */
  readonly options?: HarborFetchOptions
}

export interface Outcome {
  /** What the caller gets: fields of the answer, or the text that its chunks add up to. */
  readonly value?: string | object
  /** What the caller gets instead. */
  readonly error?: {
    readonly class: ErrorClass
    readonly status?: number | undefined
    readonly code?: string | number | null | undefined
    readonly message?: RegExp
  }
  /** Requests sent to an upstream that has no alternative, of at most three. */
  readonly calls: number
  /** What the circuit of the target counts for the whole call. */
  readonly circuit: 'success' | 'failure' | 'nothing'
  /** Attempts that the provider may have billed although nothing came of them. @default 0 */
  readonly billed?: number
  /** The kind of each attempt's failure. */
  readonly kind?: FailureKind
  /** The code of each attempt's failure, as receipts, events and logs have it. */
  readonly failureCode?: string | undefined
  /** Whether another target takes over when there is one; undefined where that is not the point. */
  readonly movesOn?: boolean
  /** Further facts of the receipt. */
  readonly receipt?: object
}

const JSON_TYPE = { 'content-type': 'application/json' }
const SSE_TYPE = { 'content-type': 'text/event-stream' }

type Answer = ForeignRow['answer']

/** A JSON body, with status 200 unless another is given. */
export function json(body: unknown, more: Answer = {}): Answer {
  return { headers: JSON_TYPE, body: JSON.stringify(body), ...more }
}

/** A stream of events, each given by its data: as an object, or as the text it is. */
export function sse(...events: readonly (object | string)[]): Answer {
  return { headers: SSE_TYPE, body: events.map((event) => `data: ${dataOf(event)}\n\n`).join('') }
}

function dataOf(event: object | string): string {
  return typeof event === 'string' ? event : JSON.stringify(event)
}

/** A body as text, of any content type. */
export function text(contentType: string, body: string | readonly string[], status = 200): Answer {
  return { status, headers: { 'content-type': contentType }, body }
}

/** A good answer of chat, with whatever is odd about it. */
export function completion(choice: object = {}, more: object = {}): object {
  const message = { role: 'assistant', content: 'Hello.' }
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model: 'm',
    choices: [{ index: 0, message, finish_reason: 'stop', ...choice }],
    ...more,
  }
}

/** A chunk of chat. */
export function chunk(choice: object, more: object = {}): object {
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'm',
    choices: [{ index: 0, delta: {}, finish_reason: null, ...choice }],
    ...more,
  }
}
