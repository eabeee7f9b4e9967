import type { CallReport } from './call-report.ts'
import { BulkStoppedError } from './errors.ts'
import type { RunCounters } from './run-counters.ts'
import type { Task } from './task.ts'

/** The second argument of the function that `runBulk` calls: facts about the item and the attempt, signals, and methods that report to the run. */
export interface BulkContext {
  /** The id of the item: what the option `id` returned, or its position in the source as text. */
  readonly id: string
  /** The item's position in the source, counted from 0. */
  readonly index: number
  /** The number of this attempt at the item in this run, counted from 1. */
  readonly attempt: number
  /**
   * Aborts when the run is aborted, or when the consumer leaves its loop. Each attempt has its own signal, which is created when this property is
   * first read.
   */
  readonly signal: AbortSignal
  /**
   * A signal for the whole run. It aborts when the run is stopped or aborted: send nothing after that. If the function is waiting for a limit or for
   * its next attempt, it should throw the signal's reason, or an error with this reason as its `cause`. The item then counts as not sent, and has no
   * result.
   */
  readonly stopSignal: AbortSignal
  /**
   * A key for the header `Idempotency-Key`: the same for every attempt at this item, also in a run that is resumed from a journal, and different for
   * every other item.
   */
  readonly idempotencyKey: string
  /**
   * Reports to the run how the call ended: its usage, its status, and its rate limit headers. The rate limiter, the concurrency limit and the
   * counters of `progress()` use them. If the function throws an error with `status` and `headers`, the run reads these itself, so they need no
   * report. A later report from the same attempt overwrites the fields that it contains.
   */
  report(outcome: CallReport): void
  /**
   * Reports that this call is waiting, so that `progress()` counts its item in `waiting`. Use it if the function limits its rate or retries by
   * itself.
   *
   * @param reason `'rate'` for a rate limit, `'retry'` for the next attempt
   * @returns a function to call when the wait is over
   */
  waits(reason: 'rate' | 'retry'): () => void
}

/** The objects that all attempts of a run share. */
export interface AttemptHost {
  readonly signals: RunSignals
  readonly keys: IdempotencyKeys
  readonly counters: RunCounters
}

/** One attempt at one item; the user's function gets it as its context. Properties that few functions read are created when they are read. */
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

  /** A function that works without `this`, so that it can be destructured from the context. */
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

  /**
   * Corrects the counters when the user's function reports how many requests it made: its call was counted as one.
   *
   * @param requests the number of requests that the function reports
   */
  #countRequests(requests: number): void {
    const before = this.#task.requests
    this.#task.requests += requests - (this.#reported?.attempts ?? 1)
    this.#host.counters.retried += Math.max(0, this.#task.requests - 1) - Math.max(0, before - 1)
  }

  /** Called when the attempt has ended. From then on, its signal does not abort. */
  close(): void {
    if (this.#controller) this.#host.signals.release(this.#controller)
  }
}

/** The abort signals of one run: `whole` and `stopping` for the run itself, and one for each attempt that reads its `signal`. */
export class RunSignals {
  readonly #whole = new AbortController()
  readonly #stopping = new AbortController()
  /**
   * The controllers of attempts in flight whose `signal` was read. Other attempts have no controller, since creating one would be most of the cost of
   * an attempt.
   */
  readonly #attempts = new Set<AbortController>()

  /** Aborts when the run is aborted, or when its consumer leaves the loop. */
  get whole(): AbortSignal {
    return this.#whole.signal
  }

  /** Aborts when the run is stopped or aborted: nothing more should be sent. */
  get stopping(): AbortSignal {
    return this.#stopping.signal
  }

  /** Aborts `stopping` only: items that were not sent yet are dropped, and requests in flight finish. */
  stop(): void {
    this.#stopping.abort(new BulkStoppedError())
  }

  /** Creates a controller that aborts when the run is aborted. `release()` ends this link. */
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

/**
 * The maximum length of an id that is used in a key unchanged. A longer id is hashed, since servers accept at most 255 ASCII characters in a header.
 */
const MAX_PLAIN_LENGTH = 200

/** Creates the keys by which servers recognise a repeated request. */
export class IdempotencyKeys {
  /**
   * The prefix of all keys, unique to this run. A run with a journal has the prefix of the journal instead, so that a resumed run has the same keys.
   * @default a UUID, created when it is first needed
   */
  run: string | undefined

  of(id: string): string {
    this.run ??= crypto.randomUUID()
    const plain = id.length > MAX_PLAIN_LENGTH || !id.isWellFormed() ? '' : encodeURIComponent(id)
    return `${this.run}-${plain !== '' && plain.length <= MAX_PLAIN_LENGTH ? plain : digestOf(id)}`
  }
}

/**
 * Returns a 128-bit hash and the length of an id that is too long for a header or cannot be encoded. The hash is computed here, since no synchronous
 * hash function exists in every runtime.
 */
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
