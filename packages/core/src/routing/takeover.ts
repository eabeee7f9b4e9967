import type { Takeover } from '../call/leg.ts'
import type { LegExchange } from '../call/exchange.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'

/**
 * Reports that a target takes over. Called when the first request is about to be sent to the target: until then, Harbor may still refuse to
 * send it.
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

/** The last failure of the call at one target, apart from refusals by Harbor; undefined if no request was sent to the target. */
export function failureOf({ leg, receipt }: LegExchange, since: number): Takeover | undefined {
  const from = leg.target.name
  const failed = receipt.attempts.slice(since).findLast(({ target, failure }) => target === from && failure)
  return failed?.failure && { from, reason: failed.failure.kind, skipped: undefined }
}
