import type { WaitReason, WaitRecord } from '../reporting/attempt-record.ts'
import type { Exchange } from './exchange.ts'

/** The minimum duration of a wait that is recorded, in milliseconds. Shorter ones are the time that the code itself takes. */
const MIN_WAIT_MS = 0.1

/**
 * Records in the receipt that the call has waited until now.
 * @param startedAt when the wait began, on the clock of the policy; undefined if it did not begin
 */
export function noteWait(
  { receipt, policy, observed }: Pick<Exchange, 'receipt' | 'policy' | 'observed'>,
  reason: WaitReason,
  startedAt: number | undefined,
): void {
  if (startedAt === undefined) return
  const ms = policy.clock.now() - startedAt
  if (ms < MIN_WAIT_MS) return
  const wait: WaitRecord = { reason, startedAt, ms }
  receipt.addWait(wait)
  observed?.waited(wait)
}
