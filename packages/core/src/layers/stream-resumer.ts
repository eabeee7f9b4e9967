import { refusedBy } from '../attempt/answer-failures.ts'
import { AttemptError } from '../attempt/attempt-error.ts'
import { copyHeaders } from '../base/readonly-headers.ts'
import { CallWait } from '../call/call-wait.ts'
import type { LegExchange } from '../call/exchange.ts'
import { sendOptionsOf } from '../call/exchange-copies.ts'
import { noteWait } from '../call/note-wait.ts'
import { streamClocks } from '../call/stream-clocks.ts'
import type { ResumeFormat, StreamPlace } from '../protocols/shared/resume-format.ts'
import type { OpenAttempt } from '../reporting/open-receipt.ts'
import { ResumableSource } from '../stream/resumable-source.ts'
import { asFault, incomplete } from '../stream/stream-fault.ts'
import { shortWaits } from '../attempt/short-wait.ts'
import { chunksOf, type ChunkSource } from '../wire/chunks-of.ts'
import { isFailureStatus } from '../verdict/verdict.ts'
import {
  attemptFailure,
  endAttempt,
  failedAttempt,
  openAttempt,
  sendAttempt,
  type Sending,
} from './sent-attempt.ts'

/** The maximum number of requests that resume one stream. */
const MAX_RESUMES = 100

/** Returns what resumes the stream of an exchange; undefined if it must not or cannot be resumed. */
export function resumerFor(
  exchange: LegExchange,
  record: OpenAttempt,
  sending: Omit<Sending, 'signal'>,
): StreamResumer | undefined {
  const { perCall, policy, operation, streaming, json } = exchange
  const wanted = perCall.onStreamFailure ?? policy.onStreamFailure
  if (wanted === 'error' || !streaming || !json || operation.resuming?.isStored(json) !== true)
    return undefined
  return new StreamResumer(exchange, record, sending, operation.resuming)
}

/**
 * Resumes a stream that the provider has stored: requests the rest of it from the same target, with the same credential. It goes on as long as
 * each connection brings a new event. At most `maxAttempts` requests in a row, and 100 in all, bring none. Each is an attempt in the receipt, with
 * the reason `resume`.
 */
export class StreamResumer {
  /** The record of the request whose answer is being read. */
  record: OpenAttempt
  readonly #exchange: LegExchange
  readonly #sending: Omit<Sending, 'signal'>
  readonly #format: ResumeFormat
  #connection = new AbortController()
  #resumes = 0
  #fruitless = 0

  constructor(
    exchange: LegExchange,
    record: OpenAttempt,
    sending: Omit<Sending, 'signal'>,
    format: ResumeFormat,
  ) {
    this.#exchange = exchange
    this.record = record
    this.#sending = sending
    this.#format = format
    const { signal } = sending.scope
    signal.addEventListener('abort', () => this.#connection.abort(signal.reason))
  }

  /** The signal of the current connection. It aborts with the call, or when the connection is replaced. */
  get signal(): AbortSignal {
    return this.#connection.signal
  }

  /** Makes the source that survives the connection of the first answer. */
  over(response: Response): ResumableSource {
    const { operation, leg, json } = this.#exchange
    return new ResumableSource({
      source: chunksOf(response),
      dialect: operation.newDialect({ streamEnd: leg.provider.streamEnd, request: json }),
      format: this.#format,
      resume: (place, error, hasProgressed) => this.#resume(place, error, hasProgressed),
    })
  }

  async #resume(
    place: StreamPlace,
    error: unknown,
    hasProgressed: boolean,
  ): Promise<ChunkSource | undefined> {
    const { scope } = this.#sending
    scope.signal.throwIfAborted()
    if (hasProgressed) this.#fruitless = 0
    const { code } = error === undefined ? incomplete('The stream ended') : asFault(error)
    const failure = {
      kind: 'stream',
      code,
      ambiguous: false,
      retryAfterMs: undefined,
      phase: 'body',
    } as const
    endAttempt(this.#exchange, this.record, this.#sending.telemetry, failure)
    this.#connection.abort(new Error('The connection of the stream was replaced.'))
    let pauseMs = 0
    while (this.#mayResume()) {
      await this.#pause(pauseMs)
      try {
        return await this.#request(place)
      } catch (failed) {
        if (scope.signal.aborted) throw scope.signal.reason
        if (!(failed instanceof AttemptError) || !failed.failure.retryable) return undefined
        const { retryAfterMs } = failed.failure
        pauseMs = retryAfterMs ?? shortWaits(this.#exchange.policy)(this.#fruitless, 0, Math.random)
        if (pauseMs > streamClocks(this.#exchange).idleMs) return undefined
      }
    }
    return undefined
  }

  #mayResume(): boolean {
    const { client, policy } = this.#exchange
    return !client.closed && this.#resumes < MAX_RESUMES && this.#fruitless < policy.maxAttempts
  }

  async #request(place: StreamPlace): Promise<ChunkSource> {
    this.#resumes++
    this.#fruitless++
    const { scope, telemetry } = this.#sending
    const exchange = requestFor(this.#exchange, this.#format, place)
    const record = openAttempt(exchange, 'resume')
    this.record = record
    this.#connection = new AbortController()
    const { signal } = this.#connection
    try {
      const response = await sendAttempt(exchange, record, { ...this.#sending, signal })
      if (!isFailureStatus(response.status)) return chunksOf(response)
      const { status, statusText, headers, url } = response
      this.#connection.abort(new Error('The provider refused to resume the stream.'))
      throw refusedBy(exchange, { status, statusText, headers: new Headers(headers), url }, '')
    } catch (error) {
      const failed = failedAttempt(exchange, scope.signal, error)
      endAttempt(exchange, record, telemetry, attemptFailure(record, failed))
      throw failed
    }
  }

  async #pause(ms: number): Promise<void> {
    if (ms <= 0) return
    const { policy } = this.#exchange
    const startedAt = policy.clock.now()
    const { signal } = this.#sending.scope
    const wait = new CallWait({ ...this.#exchange, signal, deadline: { at: Infinity } })
    try {
      await wait.pause(ms)
    } finally {
      wait.end()
      noteWait(this.#exchange, 'backoff', startedAt)
    }
  }
}

/** Headers that describe the body of the first request, or make the provider recognise its repetition. */
const OF_FIRST_REQUEST = ['content-type', 'content-length', 'content-encoding', 'idempotency-key']

/** Makes the request for the events after a place. It has the address and the headers of the first one, the credential included. */
function requestFor(exchange: LegExchange, format: ResumeFormat, place: StreamPlace): LegExchange {
  const { url, json, init, policy } = exchange
  const headers = copyHeaders(exchange.headers)
  for (const name of OF_FIRST_REQUEST) headers.delete(name)
  headers.set('accept', 'text/event-stream')
  return {
    ...exchange,
    url: format.urlOf(url, json ?? {}, place),
    method: 'GET',
    headers,
    init: { ...sendOptionsOf(init), method: 'GET' },
    // The time of the call ends with the first content of its stream.
    deadline: { at: policy.clock.now() + policy.totalMs },
  }
}
