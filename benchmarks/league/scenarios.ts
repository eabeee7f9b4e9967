import type { Fault } from '@harbor/simulator'

export type Form = 'JSON' | 'stream'

/** What a client may make of a call: the whole answer, an error, a part of the answer as if it were whole, or nothing in time. */
export type Result = 'answered' | 'error' | 'cut short' | 'hung'

export interface Scenario {
  readonly what: string
  readonly forms: readonly Form[]
  /** What the primary does for every request. The backup is well. */
  readonly fault: Fault
  /** What a user wants to get. */
  readonly wanted: Result
}

const BOTH = ['JSON', 'stream'] as const
const STREAM = ['stream'] as const
const JSON_ONLY = ['JSON'] as const

/** The primary's faults for which the backup could answer. Those after the first content of a stream can only be reported. */
export const SCENARIOS: readonly Scenario[] = [
  answered('503 for every request', { type: 'status', status: 503 }),
  answered('overloaded, in the words of the vendor', { type: 'overloaded' }),
  answered('429 with an hour to wait', { type: 'status', status: 429, retryAfter: '3600' }),
  answered('429 without a time to wait', { type: 'status', status: 429 }),
  answered('the quota of the day is used up', { type: 'quota', per: 'day' }),
  answered('the spend limit of the account is reached', { type: 'spend-limit' }),
  answered('an invalid key', { type: 'status', status: 401 }),
  answered('an unknown model', { type: 'status', status: 404 }),
  answered('a connection that is reset before the answer', { type: 'reset', when: 'before-headers' }),
  answered('no answer at all', { type: 'hang' }),
  answered('200 with an error in the body', { type: 'error-200' }),
  answered('200 with a page of HTML', { type: 'html-200' }),
  answered('502 with a page of HTML', { type: 'status', status: 502, html: true }),
  answered('200 without a body', { type: 'empty-body' }),
  answered('JSON that is cut off', { type: 'broken-json' }, JSON_ONLY),
  answered('a body that stalls', { type: 'stream-stall', afterEvents: 0, inside: true }),
  answered('a stream that is cut before its first content', { type: 'stream-cut', afterEvents: 0 }, STREAM),
  answered(
    'an error inside a stream before its first content',
    { type: 'stream-error', afterEvents: 0 },
    STREAM,
  ),
  answered('JSON instead of a stream', { type: 'json-for-stream' }, STREAM),
  reported('a stream that is cut in the middle', { type: 'stream-cut', afterEvents: 6 }),
  reported('a stream that ends in order, too early', { type: 'stream-end', afterEvents: 6 }),
  reported('a stream that stalls in the middle', { type: 'stream-stall', afterEvents: 6 }),
  reported('an error inside a stream, in the middle', { type: 'stream-error', afterEvents: 6 }),
  reported('an event that is not JSON, in the middle', { type: 'stream-garbage', afterEvents: 6 }),
]

function answered(what: string, fault: Fault, forms: readonly Form[] = BOTH): Scenario {
  return { what, forms, fault, wanted: 'answered' }
}

function reported(what: string, fault: Fault): Scenario {
  return { what, forms: STREAM, fault, wanted: 'error' }
}
