import type { CallReport } from './call-report.ts'
import { BulkStoppedError } from './errors.ts'
import type { RunCounters } from './run-counters.ts'
import type { Task } from './task.ts'

/** The context that the function gets for one call. */
export interface BulkContext {
  readonly id: string
  /** The item's position in the source, counted from 0. */
  readonly index: number
  /** The number of this attempt at the item, counted from 1. */
  readonly attempt: number
  /** Aborts when the run is aborted or its loop is left. Belongs to this attempt; created when it is first read. */
  readonly signal: AbortSignal
  /**
   * Aborts when the run is stopped, and with `signal`: nothing more should be sent. A function that has sent nothing yet, because it
   * waits for a limit or for its next attempt, can return the item by throwing the signal's reason, also as the cause of another error.
   * The item then has no result. One signal for the whole run.
   */
  readonly stopSignal: AbortSignal
  /** The same for every attempt at this item, also in a run that is resumed from a journal, and different for every other item. */
  readonly idempotencyKey: string
  /** Reports the outcome of the call to the limits and counters. Later reports add to earlier ones. */
  report(outcome: CallReport): void
  /**
   * Reports that the call waits for a rate limit or for its next attempt, for `progress()`.
   *
   * @returns a function to call when the wait is over
   */
  waits(reason: 'rate' | 'retry'): () => void
}

/** What all attempts of a run share. */
export interface AttemptHost {
  readonly signals: RunSignals
  readonly keys: IdempotencyKeys
  readonly counters: RunCounters
}

/** One attempt at one item. Properties that few functions read are created when they are read. */
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

  /** A function of its own, so that it can be destructured from the context. */
  get report(): (outcome: CallReport) => void {
    return (outcome) => {
      if (outcome.attempts !== undefined) this.#countRequests(outcome.attempts)
      if (outcome.usage) this.#host.counters.countTokens(outcome.usage, this.#reported?.usage)
      this.#reported = { ...this.#reported, ...outcome }
    }
  }

  get waits(): (reason: 'rate' | 'retry') => () => void {
    return (reason) => this.#host.counters.beginWait(reason)
  }

  get reported(): CallReport | undefined {
    return this.#reported
  }

  /** The function retries by itself: the requests that it reports replace the one that its call was counted as. */
  #countRequests(requests: number): void {
    const before = this.#task.requests
    this.#task.requests += requests - (this.#reported?.attempts ?? 1)
    this.#host.counters.retried += Math.max(0, this.#task.requests - 1) - Math.max(0, before - 1)
  }

  /** The attempt has ended: its signal no longer aborts. */
  close(): void {
    if (this.#controller) this.#host.signals.release(this.#controller)
  }
}

/** The signals of one run: two for all waits inside it, and one for each attempt that reads its own. */
export class RunSignals {
  readonly #whole = new AbortController()
  readonly #stopping = new AbortController()
  /** Of attempts in flight whose signal was read. A controller for every attempt would be most of the cost of an attempt. */
  readonly #attempts = new Set<AbortController>()

  /** Aborts with the run. */
  get whole(): AbortSignal {
    return this.#whole.signal
  }

  /** Aborts when the run is stopped or aborted: nothing more should be sent. */
  get stopping(): AbortSignal {
    return this.#stopping.signal
  }

  /** Items that were not sent yet are returned. */
  stop(): void {
    this.#stopping.abort(new BulkStoppedError())
  }

  /** A controller that aborts with the run, until it is released. */
  link(): AbortController {
    const controller = new AbortController()
    if (this.whole.aborted) controller.abort(this.whole.reason)
    else this.#attempts.add(controller)
    return controller
  }

  release(controller: AbortController): void {
    this.#attempts.delete(controller)
  }

  abort(reason: unknown): void {
    this.#whole.abort(reason)
    this.#stopping.abort(reason)
    for (const controller of this.#attempts) controller.abort(reason)
    this.#attempts.clear()
  }
}

/** Servers accept at most 255 characters of ASCII in a header, and ids may be any text of any length. */
const MAX_PLAIN_LENGTH = 200

/** Creates the keys by which servers recognise a repeated request. */
export class IdempotencyKeys {
  /** Unique to this run, or to its journal, which keeps it for resumed runs. @default a UUID, created when it is first needed */
  run: string | undefined

  of(id: string): string {
    this.run ??= crypto.randomUUID()
    const plain = id.length > MAX_PLAIN_LENGTH || !id.isWellFormed() ? '' : encodeURIComponent(id)
    return `${this.run}-${plain !== '' && plain.length <= MAX_PLAIN_LENGTH ? plain : digestOf(id)}`
  }
}

/** 128 bits of an id that is too long or cannot be encoded, and its length. No synchronous hash exists in every runtime. */
function digestOf(id: string): string {
  const sums = [0x811c9dc5, 0x9e3779b9, 0x85ebca6b, 0xc2b2ae35].map((seed) => {
    let sum = seed
    for (let at = 0; at < id.length; at++) {
      sum = Math.imul(sum ^ id.charCodeAt(at), 0x01000193 + (seed & 0xfffe))
      sum ^= sum >>> 13
    }
    return (sum >>> 0).toString(16).padStart(8, '0')
  })
  return `${sums.join('')}-${id.length}`
}
