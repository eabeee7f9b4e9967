import type { Takeover } from '../call/leg.ts'
import type { LegExchange } from '../call/exchange.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'

/**
 * Emits the event `fallback` and logs it, if the current target of the call takes over for another one. Called just before the first
 * request to the target, because until then Harbor may still refuse to send it.
 */
export function reportTakeover({ leg, receipt, log }: LegExchange, telemetry: Telemetry): void {
  if (!leg.takeover) return
  const { from, reason, skipped } = leg.takeover
  const to = leg.target.name
  telemetry.emit('fallback', { receipt, from, to, reason, skipped })
  const what = skipped === undefined ? `failed (${reason})` : `was left out (${skipped})`
  telemetry.shield('The logger threw', () =>
    log('info', () => `${receipt.id}: ${from} ${what}, ${to} takes over`),
  )
}

/**
 * Finds the last failed attempt of the call at its current target. Refusals by Harbor are not attempts. Undefined if no attempt failed.
 * @param since the number of attempts that the call had made before this target
 */
export function failureOf({ leg, receipt }: LegExchange, since: number): Takeover | undefined {
  const from = leg.target.name
  const failed = receipt.attempts.slice(since).findLast(({ target, failure }) => target === from && failure)
  return failed?.failure && { from, reason: failed.failure.kind, skipped: undefined }
}
