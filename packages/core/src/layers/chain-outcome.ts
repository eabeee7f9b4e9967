import type { TargetAttempt } from '@harbor/fallback'
import { AttemptError } from '../attempt/attempt-error.ts'
import type { Exchange } from '../call/exchange.ts'
import type { Takeover } from '../call/leg.ts'
import type { Target } from '../reporting/target.ts'
import type { Health } from '../routing/health.ts'
import { situationOf, type Situation } from '../verdict/verdict.ts'

/** Why a target is skipped whose circuit is open, in words. */
export const CIRCUIT_OPEN = 'its circuit is open'

/** Returns the reason to report if another target is called because Harbor sent nothing to this one. */
export function refusalOf({ name }: Target, error: unknown): Takeover | undefined {
  return error instanceof AttemptError
    ? { from: name, reason: error.failure.kind, skipped: whyNotSent(error) }
    : undefined
}

function whyNotSent({ failure }: AttemptError): string {
  return `nothing was sent (${failure.code})`
}

/**
 * Records in the receipt which targets were skipped, and to which nothing was sent. For a failed target, also replaces the error in its
 * health record by the kind of the failure, so that the record does not retain the whole request.
 */
export function noteAttempts(
  { receipt }: Exchange,
  attempts: readonly TargetAttempt[],
  { chain }: Health,
): void {
  for (const attempt of attempts) {
    const { target } = attempt
    if (attempt.outcome === 'skipped') {
      const reason = attempt.reason === 'unavailable' ? CIRCUIT_OPEN : attempt.reason
      receipt.skipped.push({ target, reason })
    } else if (attempt.outcome === 'failed' && attempt.error instanceof AttemptError) {
      chain.health.get(target).lastError = attempt.error.failure.kind
      if (attempts.length > 1 && receipt.attempts.every((sent) => sent.target !== target))
        receipt.skipped.push({ target, reason: whyNotSent(attempt.error) })
    }
  }
}

/**
 * Chooses the error to report to the caller: the latest error with an answer of a provider, or else the latest error of a request that was
 * sent, or else the latest refusal by Harbor, or by a target that cannot express the request.
 */
export function mostInformativeError(attempts: readonly TargetAttempt[]): AttemptError | undefined {
  const errors = attempts.flatMap((attempt) =>
    attempt.outcome === 'failed' && attempt.error instanceof AttemptError ? [attempt.error] : [],
  )
  const sent = errors.filter(({ failure }) => !REFUSALS.has(situationOf(failure)))
  return sent.findLast(({ answer }) => answer) ?? sent.at(-1) ?? errors.at(-1)
}

const REFUSALS: ReadonlySet<Situation> = new Set<Situation>(['refused', 'unable'])
