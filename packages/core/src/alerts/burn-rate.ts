import { OptionError } from '../base/errors.ts'
import { MAX_RULE_WINDOW_MS, type AlertRule, type AlertStats, type CallCounts } from '../reporting/alert.ts'
import { rule } from './rules.ts'
import { counted, duration, percent } from './words.ts'

/**
 * A pair of windows in which the rate of failures is measured. The long window shows whether the problem is serious, the short one whether it still
 * goes on.
 */
export interface BurnRateWindow {
  /** The length of the long window, in milliseconds, at most six hours. */
  readonly longMs: number
  /** The length of the short window, in milliseconds, at least one minute. */
  readonly shortMs: number
  /**
   * The minimum burn rate in both windows. A burn rate of 1 is the rate of failures that the objective allows. With an objective of 0.99 and a factor
   * of 14.4, at least 14.4 % of the calls in both windows must fail.
   */
  readonly factor: number
}

/** Options of `burnRate`: the objective, and the windows in which it is watched. */
export interface BurnRateOptions {
  /** The share of calls that should succeed, above 0 and below 1, such as 0.99. The rest, 1 %, is the error budget. */
  objective: number
  /**
   * The pairs of windows. The condition is true if one pair reaches its factor in both windows. @default two pairs: a factor of 14.4 over one hour
   * and over 5 minutes; a factor of 6 over six hours and over 30 minutes
   */
  windows?: readonly BurnRateWindow[] | undefined
  /** The minimum number of calls in the long window; with fewer calls, the condition is false. @default 10 */
  minimumCalls?: number | undefined
}

const MINUTE_MS = 60_000
/** With these, an objective for 30 days alerts when 2 % of its budget is used within an hour, or 5 % within six hours. */
const WINDOWS: readonly BurnRateWindow[] = [
  { longMs: 60 * MINUTE_MS, shortMs: 5 * MINUTE_MS, factor: 14.4 },
  { longMs: 360 * MINUTE_MS, shortMs: 30 * MINUTE_MS, factor: 6 },
]

/**
 * Creates a condition for alerts: calls fail many times more often than an objective allows, both in a long and in a short window. A short burst of
 * failures does not fire the alert, and the alert is resolved soon after the failures stop.
 * @throws OptionError for an objective that is not between 0 and 1, and for windows that are too short, too long or in the wrong order
 */
export function burnRate({ objective, windows = WINDOWS, minimumCalls = 10 }: BurnRateOptions): AlertRule {
  check(objective, windows)
  const rateOf = ({ availability }: CallCounts): number => (1 - availability) / (1 - objective)
  const read = ({ callsWithin }: AlertStats): Burn[] =>
    windows.map(({ longMs, shortMs, factor }) => {
      const [long, short] = [callsWithin(longMs), callsWithin(shortMs)]
      const rate = Math.min(rateOf(long), rateOf(short))
      return { long, short, factor, rate, holds: long.calls >= minimumCalls && rate >= factor }
    })
  return rule(
    (stats) => read(stats).some(({ holds }) => holds),
    (stats) => {
      const burns = read(stats).toSorted(
        (a, b) => Number(b.holds) - Number(a.holds) || b.rate / b.factor - a.rate / a.factor,
      )
      return burns[0] ? sentence(burns[0], objective) : ''
    },
    { windowMs: Math.max(...windows.map(({ longMs }) => longMs)) },
  )
}

interface Burn {
  readonly long: CallCounts
  readonly short: CallCounts
  readonly factor: number
  readonly rate: number
  readonly holds: boolean
}

function sentence({ long, short, factor, rate }: Burn, objective: number): string {
  const failed = [long, short].map(
    (window) =>
      `${percent(1 - window.availability)} of ${counted(window.calls, 'call')} in ${duration(window.windowMs)}`,
  )
  return (
    `calls fail ${rate.toFixed(1)} times as fast as the objective of ${percent(objective)} allows, expected less than ${factor} times` +
    ` (failed: ${failed.join(', ')})`
  )
}

function check(objective: number, windows: readonly BurnRateWindow[]): void {
  if (!(objective > 0 && objective < 1)) {
    throw new OptionError(
      'objective',
      `objective must be a number between 0 and 1, got ${String(objective)}.`,
    )
  }
  if (!Array.isArray(windows) || windows.length === 0) {
    throw new OptionError('windows', 'windows must be a list of at least one pair of windows.')
  }
  for (const [place, { longMs, shortMs, factor }] of windows.entries()) {
    if (!(shortMs >= MINUTE_MS && shortMs <= longMs && longMs <= MAX_RULE_WINDOW_MS)) {
      throw new OptionError(
        `windows[${place}]`,
        `windows[${place}] must have a shortMs of at least one minute and a longMs from shortMs to six hours, in milliseconds. ` +
          `Got ${String(shortMs)} and ${String(longMs)}.`,
      )
    }
    if (!(factor > 0 && factor < Infinity)) {
      throw new OptionError(`windows[${place}].factor`, `windows[${place}].factor must be a number above 0.`)
    }
  }
}
