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

/** The receipt of a call in the form in which observers get it, with what only the call may do. */
export interface ObservedModelReceipt {
  readonly receipt: ObservedReceipt
  readonly attempts: ObservedAttempt[]
  readonly waits: ObservedWait[]
  /** @param endedAt the end of the call, in milliseconds since 1970 */
  close(endedAt: number, failure: ObservedCallFailure | undefined): void
}

/**
 * Creates the receipt of a call. What it says of the model is read from the receipt of the model while the call runs. All of its fields are
 * its own and enumerable, so that a copy, JSON and a test that compares it contain them.
 * @param startedAt the start of the call, in milliseconds since 1970
 */
export function observedModelReceipt(
  open: OpenCall,
  { operation, streaming, model }: RequestFacts,
  startedAt: number,
): ObservedModelReceipt {
  const attempts: ObservedAttempt[] = []
  const waits: ObservedWait[] = []
  let endedAt: number | undefined
  let failure: ObservedCallFailure | undefined
  const receipt: ObservedReceipt = {
    operation,
    streaming,
    isPrefetch: false,
    attempts,
    waits,
    startedAt,
    guard: undefined,
    serviceTier: undefined,
    cost: undefined,
    responseId: undefined,
    redirects: 0,
    possiblyBilledUsd: 0,
    possiblyBilledTokens: 0,
    billedTokens: undefined,
    savedUsd: 0,
    cache: undefined,
    batch: undefined,
    get id() {
      return open.id
    },
    get labels() {
      return open.labels
    },
    get target() {
      return open.target ?? attempts.at(-1)?.target ?? ''
    },
    get model() {
      return open.modelId ?? model
    },
    get outcome() {
      return open.outcome
    },
    get failure() {
      return failure
    },
    get endedAt() {
      return endedAt
    },
    get durationMs() {
      return endedAt === undefined ? undefined : endedAt - startedAt
    },
    get waitMs() {
      return attempts.reduce((sum, { waitedMs }) => sum + waitedMs, 0)
    },
    get firstContentMs() {
      return open.firstContentMs
    },
    get usage() {
      return open.usage
    },
    get finishReasons() {
      return open.finishReasons
    },
    get possiblyBilled() {
      return attempts.filter((attempt) => attempt.failure?.ambiguous === true).length
    },
    get skipped() {
      return open.attempts.flatMap(({ target, skipped }) =>
        skipped === undefined ? [] : [{ target, reason: skipped }],
      )
    },
    get degraded() {
      return open.degraded
    },
  }
  return {
    receipt,
    attempts,
    waits,
    close(at, why) {
      endedAt = at
      failure = why
    },
  }
}
