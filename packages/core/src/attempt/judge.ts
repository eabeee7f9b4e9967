import { LeanHeaders, LeanResponse } from '@harbor/pool'
import type { AttemptError } from './attempt-error.ts'
import type { AttemptScope } from './attempt-scope.ts'
import { StreamFaultError } from '../base/errors.ts'
import { bodyKindOf, inWords, isJsonInUtf8, isJsonType, mediaTypeOf } from '../wire/body-kind.ts'
import type { Answer, AnswerHead, LegExchange } from '../call/exchange.ts'
import {
  errorUnderSuccess,
  failedStream,
  refusedAnswer,
  refusedBy,
  reportedError,
  tooLarge,
} from './answer-failures.ts'
import type { UsageReport } from '../protocols/shared/delivery.ts'
import { wantsStream, isPassedOn } from '../protocols/unknown/unknown-requests.ts'
import { isRecord, parseJson } from '../base/json.ts'
import type { HeldBytes } from '../wire/held-bytes.ts'
import { readBeginning, readText } from '../wire/read-text.ts'
import { noteResponseId } from './note-response-id.ts'
import { sniffBody } from '../wire/sniff-body.ts'
import { chunksOf } from '../wire/chunks-of.ts'
import { GuardedStream } from '../stream/guarded-stream.ts'
import { unjudgedBody } from '../stream/unjudged-body.ts'
import { streamClocks } from '../call/stream-clocks.ts'
import { isFailureStatus, isRedirectStatus } from '../verdict/verdict.ts'

/**
 * Decides whether a response is an answer to the request. A JSON answer is read to its end and must be valid. A stream is held back until
 * its first content; whether it is complete is checked at its end.
 */
export async function judge(
  exchange: LegExchange,
  scope: AttemptScope,
  response: Response,
  held: HeldBytes,
): Promise<Answer> {
  const { status, statusText, url } = response
  const headers = response instanceof LeanResponse ? response.headers : new Headers(response.headers)
  dropOwnHeaders(headers)
  const head: AnswerHead = { status, statusText, headers, url }
  exchange.receipt.guard = undefined
  if (isFailureStatus(status))
    throw refusedBy(exchange, head, await errorText(exchange, scope, response, held))
  if (exchange.operation.checksAnswers && !isForCaller(exchange, status)) {
    return exchange.streaming
      ? judgeStream(exchange, scope, head, response, held)
      : judgeJson(exchange, scope, head, response, held)
  }
  return judgeOther(exchange, scope, head, response, held)
}

/**
 * Handles responses of endpoints that Harbor does not know, and redirects that the caller wants to handle itself. Event streams are
 * checked, but for subscriptions. Other bodies are passed on unchecked.
 */
async function judgeOther(
  exchange: LegExchange,
  scope: AttemptScope,
  head: AnswerHead,
  given: Response,
  held: HeldBytes,
): Promise<Answer> {
  const mediaType = mediaTypeOf(head.headers)
  let response = given
  const isAsked = exchange.streaming || wantsStream(exchange.url, exchange.init.body)
  // A subscription (`GET …/events`) may say nothing for long, so that it is not held until its first event.
  let isStream = mediaType === EVENT_STREAM && (isAsked || exchange.method !== 'GET')
  if (!isStream && isAsked) {
    const sniffed = await scope.wait(sniffBody(given))
    response = sniffed.response
    isStream = sniffed.kind === 'events'
  }
  if (isStream) return judgeStream(exchange, scope, head, response, held)
  exchange.receipt.guard = 'none'
  if (isJsonType(mediaType) && !isPassedOn(exchange.method, exchange.url)) {
    return { ...head, body: { kind: 'text', text: await wholeText(exchange, scope, head, response, held) } }
  }
  scope.handOver()
  const { client } = exchange
  client.isUnread(scope)
  const body = unjudgedBody(
    chunksOf(response),
    (reason) => {
      scope.abort(reason)
    },
    () => client.reads(scope),
  )
  scope.onCut = body.abandon
  return { ...head, body }
}

/** Removes headers with Harbor's own names from a response, since only Harbor may set them. */
function dropOwnHeaders(headers: Headers): void {
  if (headers instanceof LeanHeaders) headers.deleteAll(OWN_HEADERS)
  else for (const name of [...headers.keys()]) if (name.startsWith(OWN_HEADERS)) headers.delete(name)
}

const OWN_HEADERS = 'x-harbor-'

async function judgeJson(
  exchange: LegExchange,
  scope: AttemptScope,
  head: AnswerHead,
  response: Response,
  held: HeldBytes,
): Promise<Answer> {
  const { answer, errors } = exchange.operation
  const text = await wholeText(exchange, scope, head, response, held)
  const json = parseJson(text)
  if (!isRecord(json))
    throw refusedAnswer(exchange, head, inWords(bodyKindOf(text), false), errors.inText(text))
  const missing = answer.missing(exchange.json, json)
  if (missing) throw refusedAnswer(exchange, head, missing.message, errors.anyIn(json), missing)
  const error = errors.declaredIn(json)
  if (error) throw errorUnderSuccess(exchange, head, error)
  exchange.receipt.guard = 'json'
  noteReport(exchange, answer.usageOf(json))
  exchange.receipt.finishReasons = answer.finishReasonsOf(json)
  const filtered = answer.isFiltered(exchange.receipt.finishReasons, json)
  if (!isJsonInUtf8(head.headers)) head.headers.set('content-type', 'application/json')
  noteResponseId(exchange, answer.idOf(json))
  return { ...head, filtered, body: { kind: 'text', text, json } }
}

async function judgeStream(
  exchange: LegExchange,
  scope: AttemptScope,
  head: AnswerHead,
  response: Response,
  held: HeldBytes,
): Promise<Answer> {
  const { receipt, policy, operation, leg } = exchange
  const { firstTokenMs, idleMs } = streamClocks(exchange)
  const dialect = operation.newDialect({ streamEnd: leg.provider.streamEnd, request: exchange.json })
  const resumable = scope.resumable?.(response)
  const stream = new GuardedStream({
    source: resumable ?? chunksOf(response),
    dialect,
    clock: policy.clock,
    firstTokenMs,
    maxBytes: policy.maxAnswerBytes,
    held,
    onResponseId: (id) => noteResponseId(exchange, id),
    onContent: scope.onStream?.(),
    revive: resumable && ((stalled) => resumable.revive(stalled)),
    release: (reason) => {
      scope.abort(reason)
    },
  })
  scope.onAbort = (reason) => {
    stream.abort(reason)
  }
  try {
    await stream.hold()
  } catch (error) {
    // The caller's reason to abort may look like a fault of the stream.
    if (!StreamFaultError.is(error) || exchange.signal?.aborted) throw error
    throw withoutContent(exchange, head, error, stream.heldText)
  }
  scope.handOver()
  receipt.guard = dialect.endsWithBody === true ? 'none' : 'stream'
  scope.onCut = (reason) => stream.cut(reason)
  stream.handOver(idleMs)
  receipt.firstContentMs = policy.clock.now() - receipt.startedAt
  const ended = stream.ended.then((end) => {
    noteReport(exchange, dialect.delivery.report)
    receipt.finishReasons = dialect.finishReasons
    return { ...end, delivery: dialect.delivery }
  })
  const filtered = operation.answer.isFiltered(dialect.finishReasons)
  if (mediaTypeOf(head.headers) !== EVENT_STREAM) head.headers.set('content-type', EVENT_STREAM)
  // Streams of unknown endpoints are decoded by their reader, not by Harbor.
  const pieces = dialect.endsWithBody === true ? undefined : stream
  return {
    ...head,
    filtered,
    body: { kind: 'stream', chunks: stream, pieces, ended, abandon: scope.onAbort },
  }
}

function noteReport({ receipt }: LegExchange, report: UsageReport): void {
  receipt.usage = report.usage
  receipt.serviceTier = report.serviceTier
  receipt.reportedUsd = report.costUsd
  receipt.modelUses = report.modelUses ?? []
}

/** Whether the response is a redirect that the caller handles itself, by `redirect: 'manual'`. */
function isForCaller({ init }: LegExchange, status: number): boolean {
  return init.redirect === 'manual' && isRedirectStatus(status)
}

/**
 * Makes the error for a stream that ended before its first content. The text received may still be an error that is not in an event, or
 * something that is not a stream at all.
 */
function withoutContent(
  exchange: LegExchange,
  head: AnswerHead,
  fault: StreamFaultError,
  text: string,
): AttemptError {
  const kind = bodyKindOf(text)
  // An error that is the whole body, without an event, means what it means in an answer that is no stream.
  if (fault.origin === 'provider' && kind !== 'json') return failedStream(exchange, head, fault)
  if (fault.code === 'malformed_answer') return tooLarge(exchange, head)
  const error = kind === 'page' ? undefined : exchange.operation.errors.inText(text)
  // A body whose connection broke may have been the beginning of a stream.
  const isStreamless = kind === 'page' || kind === 'json' || (kind === 'other' && fault.cause === undefined)
  if (isStreamless) return refusedAnswer(exchange, head, inWords(kind, true), error)
  return (error && reportedError(exchange, head, error)) ?? failedStream(exchange, head, fault)
}

/** Reads the whole body as text. @throws AttemptError when the body is larger than `maxAnswerBytes` */
async function wholeText(
  exchange: LegExchange,
  scope: AttemptScope,
  head: AnswerHead,
  response: Response,
  held: HeldBytes,
): Promise<string> {
  const { maxAnswerBytes: maxBytes } = exchange.policy
  const text = await scope.wait(readText(response, { maxBytes, held, signal: scope.signal }))
  if (text === undefined) throw tooLarge(exchange, head)
  return text
}

/** The maximum number of bytes of an error body that are read. The limit is low because the body becomes the message of an error. */
const MAX_ERROR_BYTES = 1_048_576

/**
 * Reads the body of an error response. Returns an empty text if the body cannot be read, since the status alone is a failure. @throws the
 * reason of the abort, if the attempt was aborted meanwhile
 */
async function errorText(
  { policy }: LegExchange,
  scope: AttemptScope,
  response: Response,
  held: HeldBytes,
): Promise<string> {
  const maxBytes = Math.min(MAX_ERROR_BYTES, policy.maxAnswerBytes)
  try {
    return await scope.wait(readBeginning(response, { maxBytes, held, signal: scope.signal }))
  } catch (error) {
    if (scope.signal.aborted) throw error
    return ''
  }
}

const EVENT_STREAM = 'text/event-stream'
