import type { RequestFacts } from './observer.ts'
import type { ObservedAttempt } from './observed-attempt.ts'
import type { ObservedCallFailure, ObservedReceipt, ObservedUsage, ObservedWait } from './observed-receipt.ts'
import type { ModelAttempt } from './receipt.ts'

/** What is read from the receipt of a call that has not ended yet. */
export interface OpenCall {
  readonly id: string
  readonly labels: Readonly<Record<string, string>>
  readonly attempts: readonly ModelAttempt[]
  readonly outcome: ObservedReceipt['outcome']
  readonly target: string | undefined
  readonly modelId: string | undefined
  readonly degraded: boolean
  readonly firstContentMs: number | undefined
  readonly usage: ObservedUsage | undefined
  readonly finishReasons: readonly string[]
}

/** The receipt of a call in the form in which observers get it. Reads from the receipt of the model while the call runs. */
export class ObservedModelReceipt implements ObservedReceipt {
  readonly operation: 'chat' | 'embeddings'
  readonly streaming: boolean
  readonly isPrefetch = false
  readonly attempts: ObservedAttempt[] = []
  readonly waits: ObservedWait[] = []
  readonly startedAt: number
  readonly guard = undefined
  readonly serviceTier = undefined
  readonly cost = undefined
  readonly responseId = undefined
  readonly redirects = 0
  readonly possiblyBilledUsd = 0
  readonly possiblyBilledTokens = 0
  readonly billedTokens = undefined
  readonly savedUsd = 0
  readonly cache = undefined
  readonly batch = undefined
  readonly #open: OpenCall
  readonly #firstModel: string | undefined
  #endedAt: number | undefined
  #failure: ObservedCallFailure | undefined

  constructor(open: OpenCall, { operation, streaming, model }: RequestFacts, startedAt: number) {
    this.#open = open
    this.operation = operation
    this.streaming = streaming
    this.#firstModel = model
    this.startedAt = startedAt
  }

  get id(): string {
    return this.#open.id
  }
  get labels(): Readonly<Record<string, string>> {
    return this.#open.labels
  }
  get target(): string {
    return this.#open.target ?? this.attempts.at(-1)?.target ?? ''
  }
  get model(): string | undefined {
    return this.#open.modelId ?? this.#firstModel
  }
  get outcome(): ObservedReceipt['outcome'] {
    return this.#open.outcome
  }
  get failure(): ObservedCallFailure | undefined {
    return this.#failure
  }
  get endedAt(): number | undefined {
    return this.#endedAt
  }
  get durationMs(): number | undefined {
    return this.#endedAt === undefined ? undefined : this.#endedAt - this.startedAt
  }
  get waitMs(): number {
    return this.attempts.reduce((sum, { waitedMs }) => sum + waitedMs, 0)
  }
  get firstContentMs(): number | undefined {
    return this.#open.firstContentMs
  }
  get usage(): ObservedUsage | undefined {
    return this.#open.usage
  }
  get finishReasons(): readonly string[] {
    return this.#open.finishReasons
  }
  get possiblyBilled(): number {
    return this.attempts.filter(({ failure }) => failure?.ambiguous === true).length
  }
  get skipped(): readonly { readonly target: string; readonly reason: string }[] {
    return this.#open.attempts.flatMap(({ target, skipped }) =>
      skipped === undefined ? [] : [{ target, reason: skipped }],
    )
  }
  get degraded(): boolean {
    return this.#open.degraded
  }

  /** Returns all fields as plain data, since JSON leaves out those that are read from the model. */
  toJSON(): ObservedReceipt {
    const { id, labels, target, model, outcome, failure, endedAt, durationMs, waitMs } = this
    const { firstContentMs, usage, finishReasons, possiblyBilled, skipped, degraded } = this
    const read = { id, labels, target, model, outcome, failure, endedAt, durationMs, waitMs }
    const more = { firstContentMs, usage, finishReasons, possiblyBilled, skipped, degraded }
    return Object.assign({}, this, read, more)
  }

  /** @param endedAt the end of the call, in milliseconds since 1970 */
  close(endedAt: number, failure: ObservedCallFailure | undefined): void {
    this.#endedAt = endedAt
    this.#failure = failure
  }
}
