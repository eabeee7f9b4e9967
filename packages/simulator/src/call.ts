import type { ServerResponse } from 'node:http'
import type { Answer } from './answers/answer.ts'
import type { BatchService } from './batches/batch-service.ts'
import type { Journal, RecordedRequest } from './journal.ts'
import type { Connection } from './listener.ts'
import type { ResponseService } from './responses/response-service.ts'
import type { ProviderScript } from './script/script.ts'
import { type Clock, nextTurn } from './time/clock.ts'
import { type AnswerChanges, answerRequest, questionOf } from './wires/answer-request.ts'
import { wireOf } from './wires/registry.ts'
import type { Question, Wire } from './wires/wire.ts'

/** The request of a call, and what the call needs from its connection and its provider. */
export interface CallOptions {
  request: RecordedRequest
  raw: Buffer
  response: ServerResponse
  script: ProviderScript
  random: () => number
  connection: Connection
  journal: Journal
  batches: BatchService
  responses: ResponseService
  clock: Clock
}

/** A call that is being answered: its request, its connection, and the timer for the next part of its answer. */
export class Call {
  readonly request: RecordedRequest
  readonly raw: Buffer
  readonly response: ServerResponse
  readonly script: ProviderScript
  readonly random: () => number
  readonly connection: Connection
  readonly journal: Journal
  readonly clock: Clock
  /** Headers to add to the answer, as name, value, name, value … A header that the answer already has is not added. */
  headers: readonly string[] = []
  /** Whether `endEarly()` was called, so that the answer ends before its last event. */
  endedEarly = false
  /** Whether the service tier refused the request, which takes no time. */
  isRefused = false
  readonly #batches: BatchService
  readonly #responses: ResponseService
  readonly #startedAt: number
  #answer: Answer | undefined
  #billed = { input: 0, output: 0 }
  #cancelWait: (() => void) | undefined
  readonly #atEnd: (() => void)[] = []

  constructor(options: CallOptions) {
    this.request = options.request
    this.raw = options.raw
    this.response = options.response
    this.script = options.script
    this.random = options.random
    this.connection = options.connection
    this.journal = options.journal
    this.#batches = options.batches
    this.#responses = options.responses
    this.clock = options.clock
    this.#startedAt = options.clock.now()
  }

  get elapsedMs(): number {
    return this.clock.now() - this.#startedAt
  }

  /**
   * Returns the answer without a fault. The first call of this method also carries out what the request changes, such
   * as creating a file.
   */
  answer(changes?: AnswerChanges): Answer {
    const { operation } = this.request
    if (operation === 'files' || operation === 'batches') {
      return (this.#answer ??= this.#batches.answer(this.request, this.raw, this.script))
    }
    if (changes) return this.#answerModel(changes)
    return (this.#answer ??= this.#answerModel())
  }

  #answerModel(changes?: AnswerChanges): Answer {
    const { request, raw, script, random } = this
    const { operation } = request
    if (operation !== 'responses' && operation !== 'stored-responses') {
      return answerRequest(request, raw, script, changes)
    }
    return this.#responses.answer({
      request,
      raw,
      script,
      changes,
      random,
      end: () => this.endEarly(),
      onEnd: (stop) => this.onEnd(stop),
    })
  }

  /** The wire format of the request and its answer. */
  get wire(): Wire {
    return wireOf(this.request)
  }

  /** Returns the request with everything else that decides its answer. */
  question(): Question {
    return questionOf(this.request, this.raw, this.script)
  }

  /**
   * Adds to the provider's counts the tokens of an answer that is being written.
   *
   * @param share how much of the answer has been written so far, from 0 to 1
   */
  bill({ usage }: Answer, share: number): void {
    const total = { input: usage.input, output: Math.round(usage.output * Math.min(1, share)) }
    this.journal.tokens.input += total.input - this.#billed.input
    this.journal.tokens.output += total.output - this.#billed.output
    this.#billed = total
  }

  /** Calls `next` after `ms` milliseconds, unless the call has ended by then. */
  wait(ms: number, next: () => void): void {
    if (ms <= 0) next()
    else if (!this.response.destroyed) this.#cancelWait = this.clock.after(ms, next)
  }

  /** Calls `next` in the next turn of the event loop, unless the call has ended by then. */
  nextTurn(next: () => void): void {
    nextTurn(() => {
      if (!this.response.destroyed && !this.endedEarly) next()
    })
  }

  /** Calls `callback` when the answer is complete, or when the client has closed the connection. */
  onEnd(callback: () => void): void {
    this.#atEnd.push(callback)
  }

  /**
   * Ends the answer cleanly after what has been written so far. If the headers have not been written yet, the answer
   * consists of headers only.
   */
  endEarly(): void {
    this.endedEarly = true
    if (!this.response.headersSent) return
    this.#cancelWait?.()
    this.response.end()
  }

  /** Ends the connection: cleanly (FIN), or by a reset (RST). */
  kill(how: 'close' | 'reset'): void {
    const { socket } = this.response
    this.connection.ended = true
    if (how === 'reset') socket?.resetAndDestroy()
    else socket?.destroy()
  }

  /**
   * Cancels the timer, and runs the callbacks of `onEnd`. It must be called when the answer is complete, or when the
   * client has closed the connection.
   */
  end(): void {
    this.#cancelWait?.()
    for (const callback of this.#atEnd.splice(0)) callback()
  }
}
