import type { CallReport } from './call-report.ts'
import type { IdempotencyKeys } from './idempotency-keys.ts'
import type { RunSignals } from './run-signals.ts'
import type { Tally } from './tally.ts'
import type { Task } from './task.ts'

/** What the function gets to know about the call that it makes. */
export interface BulkContext {
  readonly id: string
  /** The item's place in the source, counted from 0. */
  readonly index: number
  /** Which attempt at this item it is, counted from 1. */
  readonly attempt: number
  /** Aborts when the run is aborted or left. Made when it is read, and only this attempt's. */
  readonly signal: AbortSignal
  /** The same for every attempt at this item, with a journal also when the run is resumed, and no other's. */
  readonly idempotencyKey: string
  /** Tells the limits, and the counters, what the call came to. What is told later adds to it. */
  report(outcome: CallReport): void
}

/** What an attempt shares with all others of its run. */
export interface AttemptHost {
  readonly signals: RunSignals
  readonly keys: IdempotencyKeys
  readonly tally: Tally
}

/** One attempt at one item. What hardly any function reads is made when it is read. */
export class Attempt implements BulkContext {
  readonly id: string
  readonly index: number
  readonly attempt: number
  readonly #host: AttemptHost
  #controller: AbortController | undefined
  #reported: CallReport | undefined

  constructor(task: Task<unknown>, attempt: number, host: AttemptHost) {
    this.id = task.id
    this.index = task.index
    this.attempt = attempt
    this.#host = host
  }

  get signal(): AbortSignal {
    return (this.#controller ??= this.#host.signals.link()).signal
  }

  get idempotencyKey(): string {
    return this.#host.keys.of(this.id)
  }

  /** A function of its own, so that it may be taken out of the context. */
  get report(): (outcome: CallReport) => void {
    return (outcome) => {
      if (outcome.usage) this.#host.tally.countTokens(outcome.usage, this.#reported?.usage)
      this.#reported = { ...this.#reported, ...outcome }
    }
  }

  get reported(): CallReport | undefined {
    return this.#reported
  }

  /** It has ended: nothing aborts it any more. */
  close(): void {
    if (this.#controller) this.#host.signals.release(this.#controller)
  }
}
