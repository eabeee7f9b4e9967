const DAY_MS = 24 * 60 * 60 * 1_000
const HOUR_MS = 60 * 60 * 1_000

/**
 * Returns the time until the next midnight in California, in milliseconds. Google renews the daily quotas of its APIs then:
 * https://ai.google.dev/gemini-api/docs/rate-limits. The result is also correct on the days on which daylight saving time
 * begins or ends.
 *
 * @param nowMs milliseconds since 1970
 */
export function msUntilPacificMidnight(nowMs: number): number {
  const clock = new Intl.DateTimeFormat('en-US', {
    timeZone: 'America/Los_Angeles',
    hourCycle: 'h23',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  const left = DAY_MS - timeOfDay(clock, nowMs)
  // A day on which the clocks change has an hour more or less, so that the clock does not show midnight then.
  const shown = timeOfDay(clock, nowMs + left)
  return shown > DAY_MS / 2 ? left + DAY_MS - shown : left - Math.min(shown, HOUR_MS)
}

/** Returns the time of day that `clock` shows at `ms`, in milliseconds since midnight. */
function timeOfDay(clock: Intl.DateTimeFormat, ms: number): number {
  const parts = clock.formatToParts(ms)
  const numberOf = (type: Intl.DateTimeFormatPartTypes): number =>
    Number(parts.find((part) => part.type === type)?.value ?? 0)
  const seconds = (numberOf('hour') * 60 + numberOf('minute')) * 60 + numberOf('second')
  return seconds * 1_000 + (((ms % 1_000) + 1_000) % 1_000)
}
