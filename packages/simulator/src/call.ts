import type { ServerResponse } from 'node:http'
import { setImmediate } from 'node:timers'
import { type AnswerWishes, answerRequest } from './answers/answer-request.ts'
import type { Answer } from './answers/answer.ts'
import type { FaultType } from './fault.ts'
import type { RecordedRequest } from './journal.ts'
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
  /** Counts a fault. */
  onFault: (type: FaultType) => void
}

// A longer timer would fire at once.
const longestTimer = 2 ** 31 - 1

/** One call on its way to an answer: what came, how to end the connection, and the one timer it may be waiting on. */
export class Call {
  readonly request: RecordedRequest
  readonly raw: Buffer
  readonly response: ServerResponse
  readonly script: ProviderScript
  readonly random: () => number
  readonly connection: Connection
  readonly onFault: (type: FaultType) => void
  /** What is being delivered. */
  usage: Answer['usage'] | undefined
  /** How much of it was written, from 0 to 1. */
  progress = 0
  readonly #startedAt = performance.now()
  #timer: NodeJS.Timeout | undefined

  constructor(options: CallOptions) {
    this.request = options.request
    this.raw = options.raw
    this.response = options.response
    this.script = options.script
    this.random = options.random
    this.connection = options.connection
    this.onFault = options.onFault
  }

  get elapsedMs(): number {
    return performance.now() - this.#startedAt
  }

  /** The answer in good health. */
  answer(wishes?: AnswerWishes): Answer {
    return answerRequest(this.request, this.raw, this.script, wishes)
  }

  /** Goes on after a while, unless the call has ended by then. */
  wait(ms: number, next: () => void): void {
    if (ms <= 0) next()
    else if (!this.response.destroyed) this.#timer = setTimeout(next, Math.min(ms, longestTimer))
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
  }
}
