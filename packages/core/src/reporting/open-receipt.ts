import { NO_LABELS, type Labels } from './labels.ts'
import type { AttemptReason, AttemptRecord, WaitRecord } from './attempt-record.ts'
import type { AnswerGuard, CacheRecord, CallCost, CallFailure, Receipt, TokenUsage } from './receipt.ts'
import type { ModelUse } from './token-usage.ts'

/**
 * The receipt of a call that has not ended yet. The layers of the pipeline write to it. Only the first call of `close` has an effect, so
 * the end of a stream and its cancellation may both call it.
 */
export class OpenReceipt implements Receipt {
  readonly id: string
  readonly operation: string
  target: string
  readonly model: string | undefined
  readonly streaming: boolean
  readonly labels: Labels
  readonly isPrefetch: boolean
  readonly attempts: OpenAttempt[] = []
  waits: readonly WaitRecord[] = NO_WAITS
  /** The waits of this call itself, without those of the upstream request that it shared. */
  #ownWaits: readonly WaitRecord[] = NO_WAITS
  outcome: Receipt['outcome'] = 'pending'
  failure: CallFailure | undefined
  readonly startedAt: number
  endedAt: number | undefined
  durationMs: number | undefined
  waitMs = 0
  firstContentMs: number | undefined
  guard: AnswerGuard | undefined
  usage: TokenUsage | undefined
  billedTokens: Receipt['billedTokens']
  serviceTier: string | undefined
  cost: CallCost | undefined
  finishReasons: readonly string[] = []
  responseId: string | undefined
  possiblyBilled = 0
  possiblyBilledUsd = 0
  possiblyBilledTokens = 0
  savedUsd = 0
  redirects = 0
  readonly skipped: { target: string; reason: string }[] = []
  degraded = false
  cache: CacheRecord | undefined
  batch: { readonly size: number } | undefined
  /** The number of attempts of a call with `prefer: 'cheapest'` that a service tier refused for lack of capacity. */
  refusedByTiers = 0
  /** Whether an attempt was not made because too little of a spend limit was left. */
  lackedMoney = false
  /** The cost in US dollars that the provider itself reported. */
  reportedUsd: number | undefined
  /** The models that the answer names, with the part of the usage that each has made. */
  modelUses: readonly ModelUse[] = []
  /** Passes the cost on to the receipts of the calls for which the upstream request of this receipt is made: see `fork` and `apart`. */
  #onBilled: ((cost: CallCost) => void) | undefined
  #onCost: ((cost: CallCost) => void) | undefined
  #wait: Pick<AttemptRecord, 'waitedMs' | 'waitedFor'> = NO_WAIT
  /** The calls that share the cost of an upstream request; undefined if the call of this receipt pays it alone. */
  payers: Payers | undefined

  constructor(
    facts: Pick<
      Receipt,
      'id' | 'operation' | 'target' | 'model' | 'streaming' | 'isPrefetch' | 'startedAt'
    > & {
      readonly labels?: Labels | undefined
    },
  ) {
    this.id = facts.id
    this.operation = facts.operation
    this.target = facts.target
    this.model = facts.model
    this.streaming = facts.streaming
    this.labels = facts.labels ?? NO_LABELS
    this.isPrefetch = facts.isPrefetch
    this.startedAt = facts.startedAt
  }

  /**
   * Records a wait before the next attempt, in milliseconds. Several waits are added up. A wait replaces the recorded reason if it is at
   * least as long as all earlier waits together.
   */
  waited(ms: number, reason: AttemptRecord['waitedFor']): void {
    this.waitMs += ms
    const { waitedMs, waitedFor } = this.#wait
    this.#wait = { waitedMs: waitedMs + ms, waitedFor: ms >= waitedMs ? reason : waitedFor }
  }

  /** Adds a wait that is over. */
  addWait(wait: WaitRecord): void {
    this.#ownWaits = [...this.#ownWaits, wait]
    this.waits = [...this.waits, wait]
  }

  /** Starts the record of the next attempt. */
  attempt(
    now: number,
    target: string,
    adaptations: readonly string[],
    keyIndex?: number,
    reason: AttemptReason = this.attempts.length === 0 ? 'first' : 'retry',
  ): OpenAttempt {
    this.target = target
    const record: OpenAttempt = {
      number: this.attempts.length + 1,
      target,
      origin: undefined,
      circuit: undefined,
      keyIndex,
      adaptations,
      startedAt: now,
      durationMs: undefined,
      ...this.#wait,
      reason,
      status: undefined,
      requestId: undefined,
      failure: undefined,
    }
    this.#wait = NO_WAIT
    this.attempts.push(record)
    return record
  }

  /**
   * Creates a receipt for the upstream request of this call, which identical calls may join. The cost of the request is recorded on that
   * receipt and on this one.
   */
  fork(): OpenReceipt {
    return this.apart((cost) => this.billed(cost))
  }

  /**
   * Creates a receipt for an upstream request that serves this call and others.
   * @param onBilled called with the cost of the request, to record it on the receipts of the calls
   * @param payers the calls that share the cost; this call pays it alone by default
   */
  apart(onBilled: (cost: CallCost) => void, payers?: Payers): OpenReceipt {
    const apart = new OpenReceipt(this)
    apart.#onBilled = onBilled
    apart.payers = payers
    return apart
  }

  /** Creates the receipt of a prefetch that sends the request of this call again. */
  again(id: string, startedAt: number, labels: Labels): OpenReceipt {
    const { operation, target, model, streaming } = this
    return new OpenReceipt({ id, operation, target, model, streaming, labels, isPrefetch: true, startedAt })
  }

  /**
   * Copies to this receipt what the receipt of the upstream request has recorded so far. The cost is not copied, because `onBilled` records
   * it here when it is known. Does nothing after `close`.
   * @param fork the receipt of the upstream request, made by `fork` or `apart`
   */
  adopt(fork: OpenReceipt): void {
    if (this.outcome !== 'pending') return
    this.target = fork.target
    this.waitMs = fork.waitMs
    this.firstContentMs = fork.firstContentMs
    this.guard = fork.guard
    this.usage = fork.usage
    this.billedTokens = fork.billedTokens
    this.serviceTier = fork.serviceTier
    this.finishReasons = fork.finishReasons
    this.responseId = fork.responseId
    this.possiblyBilled = fork.possiblyBilled
    this.possiblyBilledUsd = fork.possiblyBilledUsd
    this.possiblyBilledTokens = fork.possiblyBilledTokens
    this.redirects = fork.redirects
    this.degraded = fork.degraded
    this.batch = fork.batch
    this.waits = [...this.#ownWaits, ...fork.waits]
    replace(this.attempts, fork.attempts)
    replace(this.skipped, fork.skipped)
  }

  /** Records the cost of the answer, which may become known only after the call has ended. */
  billed(cost: CallCost): void {
    this.cost = cost
    this.#onBilled?.(cost)
    this.#onCost?.(cost)
  }

  /** Calls a function with the cost of the call: now if it is known, otherwise each time that a cost is recorded. */
  whenBilled(onCost: (cost: CallCost) => void): void {
    this.#onCost = onCost
    if (this.cost) onCost(this.cost)
  }

  /**
   * Records the outcome and the end of the call.
   * @param failure why the call failed; ignored for another outcome
   * @returns false if that was done before; nothing changes then
   */
  close(outcome: Exclude<Receipt['outcome'], 'pending'>, now: number, failure?: CallFailure): boolean {
    if (this.outcome !== 'pending') return false
    this.outcome = outcome
    if (outcome === 'failure') this.failure = failure
    this.endedAt = now
    this.durationMs = now - this.startedAt
    return true
  }
}

/** The calls that share the cost of one request. */
export interface Payers {
  readonly labels: readonly Labels[]
  /** Returns the share of a call in the cost of the request, from 0 to 1. @param place the place of the call in `labels` */
  shareOf(place: number): number
  /** Returns the share of each call in the tokens of the request. */
  tokensOf(usage: TokenUsage): readonly TokenUsage[]
}

function replace<T>(list: T[], by: readonly T[]): void {
  list.length = 0
  for (const item of by) list.push(item)
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }
export type OpenAttempt = Mutable<AttemptRecord>

const NO_WAITS: readonly WaitRecord[] = []
const NO_WAIT = { waitedMs: 0, waitedFor: 'nothing' } as const
