import type { Answer } from '../answers/answer.ts'
import type { Ending } from '../answers/generate.ts'
import type { JsonObject } from '../answers/json.ts'
import type { RecordedRequest } from '../journal.ts'
import type { Shortage, Standing } from '../limits/quota-meter.ts'
import type { RequestHead, Route, WireName } from '../route.ts'
import type { FaultOf, RetryAfter, VendorFault } from '../script/fault.ts'
import type { ProviderScript } from '../script/script.ts'

/**
 * A wire format, which is the API of one vendor: how requests are recognised and answered, and how errors are reported. Each has its own
 * folder.
 */
export interface Wire {
  readonly name: WireName
  /** Returns what the URL and headers say about a request; undefined if this vendor does not have the path. */
  route(head: RequestHead): Route | undefined
  /** Answers a request that has a valid key: with a model's output or, if the request is invalid, with the vendor's error. */
  answer(question: Question): Answer
  /** Returns the tokens that a request needs. They are known before it is answered. */
  demand(request: Pick<RecordedRequest, 'operation' | 'body'>): Demand
  /** Returns an error answer in the vendor's shape. */
  error(problem: Problem, request: RecordedRequest): Answer
  /** Returns the error for a wrong key or, if no key was `given`, for a missing one. */
  wrongKey(given: boolean, request: RecordedRequest): Problem
  /** Returns the error for a path that this vendor does not have. */
  unknownPath(request: RecordedRequest): Problem
  /** Returns the error that the vendor sends for a fault such as `overloaded` or `quota`. */
  problemOf(fault: VendorFault, request: RecordedRequest): Problem
  /** Returns the answer to a prompt that is blocked before the model runs. */
  blocked(question: Question, fault: FaultOf<'blocked-prompt'>): Answer
  /** The error of the fault `error-200`: an error object in an answer with the status 200. */
  readonly inBand: Problem
  /** Returns the events that report an error in a stream. They come after the first `afterEvents` events. */
  streamError(fault: FaultOf<'stream-error'>, question: Question): string[]
  /** Returns how a `play` fault writes its events by default: whether with names, and whether with `[DONE]` at the end. */
  recording(request: RecordedRequest): { named: boolean; done: boolean }
  /** Returns the headers of every answer, as name, value, name, value … */
  headers(request: RecordedRequest, elapsedMs: number): string[]
  /** Returns the headers that report what is left of the limits, as name, value, name, value … */
  limitHeaders(standing: readonly Standing[]): string[]
  /** Returns the error for a call that exceeds a limit. With `quiet`, it does not say when to try again. */
  overLimit(shortage: Shortage, request: RecordedRequest, quiet: boolean): Problem
}

/** A request to answer, and what a script and a fault say about the answer. */
export interface Question {
  request: RecordedRequest
  /** The JSON body of the request; an empty object if there is none. */
  body: JsonObject
  /** A hash of the request's body, for the ids in the answer. */
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

/** An error before it gets the shape of a vendor. The vendor's usual values for the status replace undefined fields. */
export interface Problem {
  status: number
  message?: string | undefined
  /** The error code: `code` at OpenAI, `error.details.error_code` at Anthropic, `ErrorInfo.reason` at Gemini. */
  code?: string | null | undefined
  /** The error type: `type` at OpenAI and Anthropic, `status` at Gemini. */
  errorType?: string | undefined
  /** The `param` of OpenAI's error: the name of a wrong parameter. */
  param?: string | null | undefined
  retryAfter?: RetryAfter | undefined
  /** Further headers, as name, value, name, value … */
  headers?: readonly string[] | undefined
  /** Further `details` of Gemini's error. */
  details?: readonly object[] | undefined
}
