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
  /**
   * Aborts when the run is stopped, and with `signal`: nothing more is to be sent. A function that has sent nothing yet, since it waits for a limit or
   * for its next attempt, gives the item back by throwing the reason, also as the cause of another error. The item then has no result.
   * One signal for the whole run.
   */
  readonly stopSignal: AbortSignal
  /** The same for every attempt at this item, with a journal also when the run is resumed, and no other's. */
  readonly idempotencyKey: string
  /** Tells the limits, and the counters, what the call came to. What is told later adds to it. */
  report(outcome: CallReport): void
  /**
   * Says that the call waits for a rate limit or for its next attempt, for `progress()`.
   * @returns a function to call when the wait is over
   */
  waits(reason: 'rate' | 'retry'): () => void
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
  readonly #task: Task<unknown>
  readonly #host: AttemptHost
  #controller: AbortController | undefined
  #reported: CallReport | undefined

  constructor(task: Task<unknown>, attempt: number, host: AttemptHost) {
    this.id = task.id
    this.index = task.index
    this.attempt = attempt
    this.#task = task
    this.#host = host
  }

  get signal(): AbortSignal {
    return (this.#controller ??= this.#host.signals.link()).signal
  }

  get stopSignal(): AbortSignal {
    return this.#host.signals.stopping
  }

  get idempotencyKey(): string {
    return this.#host.keys.of(this.id)
  }

  /** A function of its own, so that it may be taken out of the context. */
  get report(): (outcome: CallReport) => void {
    return (outcome) => {
      if (outcome.attempts !== undefined) this.#countAttempts(outcome.attempts)
      if (outcome.usage) this.#host.tally.countTokens(outcome.usage, this.#reported?.usage)
      this.#reported = { ...this.#reported, ...outcome }
    }
  }

  get waits(): (reason: 'rate' | 'retry') => () => void {
    return (reason) => this.#host.tally.beginWait(reason)
  }

  get reported(): CallReport | undefined {
    return this.#reported
  }

  /** The function makes attempts of its own: they take the place of the one that its call stands for. */
  #countAttempts(attempts: number): void {
    const before = this.#task.attempts
    this.#task.attempts += attempts - (this.#reported?.attempts ?? 1)
    this.#host.tally.retried += Math.max(0, this.#task.attempts - 1) - Math.max(0, before - 1)
  }

  /** It has ended: nothing aborts it any more. */
  close(): void {
    if (this.#controller) this.#host.signals.release(this.#controller)
  }
}
