import { MAX_POTS } from './pots.ts'
import type { DrawRefusal } from './purse.ts'

/** The maximum number of characters of a label's value in messages and notices. */
const MAX_SHOWN_LENGTH = 64

/** Returns the value of a label for messages and notices, such as `tenant "acme"`. Long values are cut, and control characters replaced. */
export function labelWords(by: string, value: string): string {
  if (value === '') return `calls without ${by}`
  const cut = value.length > MAX_SHOWN_LENGTH ? `${value.slice(0, MAX_SHOWN_LENGTH)}…` : value
  return `${by} ${JSON.stringify(cut.replace(/\p{C}/gu, '?'))}`
}

/**
 * Says how much a call may cost, and how much of its limit is left.
 * @param isOneOfSeveral whether the call has several limits, so that the message has to name the one
 */
export function tooLittleLeft(refusal: DrawRefusal, isOneOfSeveral: boolean): string {
  const { estimateUsd, leftUsd, limit } = refusal
  const which = isOneOfSeveral || limit.options.by !== undefined ? ` of ${limitWords(refusal)}` : ''
  return `the call may cost $${estimateUsd.toFixed(6)}, and $${leftUsd.toFixed(6)} of the spendLimit${which} is left`
}

/** Says that a limit cannot count the money of another value of its label. */
export function noRoomForPot(refusal: DrawRefusal): string {
  return `the spend limits count the money of ${MAX_POTS} values of labels already, and no other one under the spendLimit of ${limitWords(refusal)}`
}

/** Returns a limit in words, such as `$5 per day for tenant "acme"`. */
function limitWords({ limit, value }: DrawRefusal): string {
  const { usd, per, by } = limit.options
  const period = per === 'total' ? 'in total' : `per ${per}`
  return `$${usd} ${period}${by === undefined ? '' : ` for ${labelWords(by, value)}`}`
}
