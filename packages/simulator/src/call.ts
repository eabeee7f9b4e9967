import { LONGEST_TIMER_MS } from '@harbor/parts'
import type { ServerResponse } from 'node:http'
import { setImmediate } from 'node:timers'
import { type AnswerWishes, answerRequest } from './answers/answer-request.ts'
import type { Answer } from './answers/answer.ts'
import type { BatchService } from './batches/batch-service.ts'
import type { Journal, RecordedRequest } from './journal.ts'
import type { Connection } from './listener.ts'
import type { ProviderScript } from './script.ts'

/** What a call needs of the provider it reached. */
export interface CallOptions {
  request: RecordedRequest
  raw: Buffer
  response: ServerResponse
  script: ProviderScript
  random: () => number
  connection: Connection
  journal: Journal
  batches: BatchService
}

/** One call on its way to an answer: what came, how to end the connection, and the one timer it may be waiting on. */
export class Call {
  readonly request: RecordedRequest
  readonly raw: Buffer
  readonly response: ServerResponse
  readonly script: ProviderScript
  readonly random: () => number
  readonly connection: Connection
  readonly journal: Journal
  /** Headers that every answer to it carries, unless it has its own, as name, value, name, value … */
  headers: readonly string[] = []
  /** Called once nothing more will be written. */
  onEnd: (() => void) | undefined
  readonly #batches: BatchService
  readonly #startedAt = performance.now()
  #answer: Answer | undefined
  #billed = { input: 0, output: 0 }
  #timer: NodeJS.Timeout | undefined

  constructor(options: CallOptions) {
    this.request = options.request
    this.raw = options.raw
    this.response = options.response
    this.script = options.script
    this.random = options.random
    this.connection = options.connection
    this.journal = options.journal
    this.#batches = options.batches
  }

  get elapsedMs(): number {
    return performance.now() - this.#startedAt
  }

  /** The answer in good health. What a request changes, it changes when this is first asked for. */
  answer(wishes?: AnswerWishes): Answer {
    const { operation } = this.request
    if (operation === 'files' || operation === 'batches') {
      return (this.#answer ??= this.#batches.answer(this.request, this.raw, this.script))
    }
    if (wishes) return answerRequest(this.request, this.raw, this.script, wishes)
    return (this.#answer ??= answerRequest(this.request, this.raw, this.script))
  }

  /** Counts the tokens of an answer of which `share`, from 0 to 1, has been written by now. */
  bill({ usage }: Answer, share: number): void {
    const total = { input: usage.input, output: Math.round(usage.output * Math.min(1, share)) }
    this.journal.tokens.input += total.input - this.#billed.input
    this.journal.tokens.output += total.output - this.#billed.output
    this.#billed = total
  }

  /** Goes on after a while, unless the call has ended by then. */
  wait(ms: number, next: () => void): void {
    if (ms <= 0) next()
    else if (!this.response.destroyed) this.#timer = setTimeout(next, Math.min(ms, LONGEST_TIMER_MS))
  }

  /** Goes on in the next turn of the event loop. */
  nextTurn(next: () => void): void {
    setImmediate(() => {
      if (!this.response.destroyed) next()
    })
  }

  /** Ends the connection: in good order (FIN), or by a reset (RST). */
  kill(how: 'close' | 'reset'): void {
    const { socket } = this.response
    this.connection.ended = true
    if (how === 'reset') socket?.resetAndDestroy()
    else socket?.destroy()
  }

  /** Nothing more will be written. */
  end(): void {
    clearTimeout(this.#timer)
    this.onEnd?.()
  }
}
