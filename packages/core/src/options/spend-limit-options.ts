import { OptionError } from '../base/errors.ts'
import * as is from '../base/check.ts'
import type { Labels } from '../reporting/labels.ts'
import { isLabelName } from './labels.ts'

/** A spend limit: the maximum that may be spent, and the period after which the count starts again. */
export interface SpendLimitOptions {
  /** The maximum that may be spent in one period, in US dollars, above 0. */
  usd: number
  /** The period after which the count starts again. Hours and days begin in UTC. With `total`, the count never starts again. */
  per: 'hour' | 'day' | 'total'
  /**
   * The name of a label, such as `tenant`. Each value of the label then has a limit of `usd` for itself, and calls without the label share one more.
   * All limits together count at most 100,000 values at a time; a call with a further value is refused. @default one limit for all calls
   */
  by?: string | undefined
  /**
   * What happens to a call whose price is not known. `refuse`: it fails with status 402. `allow`: it is sent, and its cost is not counted.
   * With several limits, all of them must allow it. @default 'refuse'
   */
  unpriced?: 'refuse' | 'allow' | undefined
}

/** A checked spend limit. Limits of the same `kind` count the same money, whatever their amounts. */
export interface SpendLimit {
  /** The options as the user has given them: a copy, which never changes. */
  readonly options: Readonly<SpendLimitOptions>
  readonly kind: string
}

/** The maximum number of spend limits of one client. Each call reserves money under all of them. */
const MAX_SPEND_LIMITS = 16

const CHECKS = {
  usd: is.anAmount,
  per: is.oneOf('hour', 'day', 'total'),
  by: {
    accepts: isLabelName,
    expected: 'the name of a label: 1 to 64 letters, digits, or characters of "_.:-"',
  },
  unpriced: is.oneOf('refuse', 'allow'),
} as const satisfies Record<keyof SpendLimitOptions, is.Check>

type Given = SpendLimitOptions | readonly SpendLimitOptions[] | false | undefined

const isList = (given: Given): given is readonly SpendLimitOptions[] => Array.isArray(given)

/**
 * Checks the option `spendLimit`.
 * @throws OptionError naming an invalid or missing field, or a limit that counts the same money as an earlier one
 */
export function checkSpendLimits(given: Given): void {
  if (!given) return
  if (!isList(given)) {
    checkSpendLimit(given, 'spendLimit')
    return
  }
  if (given.length > MAX_SPEND_LIMITS)
    throw new OptionError(
      'spendLimit',
      `spendLimit has ${given.length} limits, and may have at most ${MAX_SPEND_LIMITS}.`,
    )
  const kinds: string[] = []
  for (const [place, limit] of given.entries()) {
    const name = `spendLimit[${place}]`
    checkSpendLimit(limit, name)
    const same = kinds.indexOf(kindOf(limit))
    if (same >= 0)
      throw new OptionError(
        name,
        `${name} counts the same money as spendLimit[${same}]: their \`per\` and \`by\` are equal. Keep the lower one.`,
      )
    kinds.push(kindOf(limit))
  }
}

function checkSpendLimit(limit: SpendLimitOptions, option: string): void {
  if (!is.aRecord.accepts(limit))
    throw new OptionError(option, `${option} must be an object such as { usd: 20, per: 'day' }.`)
  is.checkOptions(limit, CHECKS, `${option}.`)
  for (const name of ['usd', 'per'] as const) {
    if ((limit[name] as unknown) === undefined)
      throw new OptionError(
        `${option}.${name}`,
        `${option}.${name} is missing: it must be ${CHECKS[name].expected}.`,
      )
  }
}

/** Returns the limits of the checked option `spendLimit`, as copies, since the caller's objects may change later. Undefined for none. */
export function spendLimitsOf(given: Given): readonly SpendLimit[] | undefined {
  const list = isList(given) ? given : given ? [given] : []
  if (list.length === 0) return undefined
  return list.map((limit) => ({ options: Object.freeze({ ...limit }), kind: kindOf(limit) }))
}

function kindOf({ per, by }: SpendLimitOptions): string {
  return by === undefined ? per : `${per} ${by}`
}

/** Whether calls without a known price may be sent under these limits. */
export function allowsUnpriced(limits: readonly SpendLimit[]): boolean {
  return limits.every(({ options }) => options.unpriced === 'allow')
}

/** Returns the value of the label by which a limit counts: '' for a call without the label, and for a limit without `by`. */
export function valueUnder({ options: { by } }: SpendLimit, labels: Labels): string {
  return by !== undefined && Object.hasOwn(labels, by) ? (labels[by] ?? '') : ''
}
