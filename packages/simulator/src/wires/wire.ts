import type { Answer } from '../answers/answer.ts'
import type { Ending } from '../answers/generate.ts'
import type { JsonObject } from '../answers/json.ts'
import type { RecordedRequest } from '../journal.ts'
import type { Shortage, Standing } from '../limits/quota-meter.ts'
import type { RequestHead, Route, WireName } from '../route.ts'
import type { FaultOf, RetryAfter, VendorFault } from '../script/fault.ts'
import type { ProviderScript } from '../script/script.ts'

/** A wire format: how requests are recognised and answered, and how its vendor reports errors. One folder for each. */
export interface Wire {
  readonly name: WireName
  /** The route of a request; undefined if this wire does not have the path. */
  route(head: RequestHead): Route | undefined
  /** The answer to a request with a valid key: as the model would or, if the request is invalid, the vendor's error. */
  answer(question: Question): Answer
  /** The tokens that a request needs, known before it is answered. */
  demand(request: Pick<RecordedRequest, 'operation' | 'body'>): Demand
  /** An error answer in the vendor's shape. */
  error(problem: Problem, request: RecordedRequest): Answer
  /** The error for a request with a wrong or, if not `given`, a missing key. */
  wrongKey(given: boolean, request: RecordedRequest): Problem
  /** The error for a path that this wire does not have. */
  unknownPath(request: RecordedRequest): Problem
  /** The error that the vendor reports in the situation of a fault. */
  problemOf(fault: VendorFault, request: RecordedRequest): Problem
  /** The answer to a prompt that is blocked before the model runs. */
  blocked(question: Question, fault: FaultOf<'blocked-prompt'>): Answer
  /** The error of a 200 answer that is an error all the same. */
  readonly inBand: Problem
  /** The events with which a stream reports an error after its first `afterEvents` events. */
  streamError(fault: FaultOf<'stream-error'>, question: Question): string[]
  /** How a recorded stream is written by default: with event names, with `[DONE]`. */
  recording(request: RecordedRequest): { named: boolean; done: boolean }
  /** The headers of every answer, as name, value, name, value … */
  headers(request: RecordedRequest, elapsedMs: number): string[]
  /** The headers that report what is left of the limits, as name, value, name, value … */
  limitHeaders(standing: readonly Standing[]): string[]
  /** The error for a call beyond a limit. With `quiet`, it does not say when to try again. */
  overLimit(shortage: Shortage, request: RecordedRequest, quiet: boolean): Problem
}

/** A request to answer, and what a script and a fault say about the answer. */
export interface Question {
  request: RecordedRequest
  /** The JSON object of the request; empty if there is none. */
  body: JsonObject
  /** A hash of the request's bytes, for ids. */
  fingerprint: string
  script: ProviderScript
  stream: boolean
  /** The text of the answer; undefined for the default sentences. */
  reply: string | undefined
  ending: Ending | undefined
}

/** The tokens that a request needs, known before it is answered. */
export interface Demand {
  input: number
  /** The maximum number of output tokens; undefined if the request sets none. */
  maxOutput: number | undefined
}

/** An error, before it is written in the shape of a vendor. Whatever is undefined is what the vendor sends with this status. */
export interface Problem {
  status: number
  message?: string | undefined
  /** OpenAI's `code`, Anthropic's `error.details.error_code`, the `reason` of Gemini's `ErrorInfo`. */
  code?: string | null | undefined
  /** OpenAI's and Anthropic's `type`, Gemini's `status`. */
  errorType?: string | undefined
  /** OpenAI's `param`. */
  param?: string | null | undefined
  retryAfter?: RetryAfter | undefined
  /** Further headers, as name, value, name, value … */
  headers?: readonly string[] | undefined
  /** Gemini's `details`. */
  details?: readonly object[] | undefined
}
