/**
 * Formats a duration as Go does, to the millisecond: `0s`, `12ms`, `1.5s`, `6m0s`. OpenAI's reset headers have this
 * format.
 */
export function goDuration(ms: number): string {
  const whole = wholeMs(ms)
  if (whole <= 0) return '0s'
  if (whole < 1_000) return `${whole}ms`
  const hours = Math.floor(whole / 3_600_000)
  const minutes = Math.floor(whole / 60_000) % 60
  const seconds = `${(whole % 60_000) / 1_000}s`
  if (hours > 0) return `${hours}h${minutes}m${seconds}`
  return minutes > 0 ? `${minutes}m${seconds}` : seconds
}

/** Rounds up to whole milliseconds. A tiny excess is rounded down, because it is only a rounding error. */
export function wholeMs(ms: number): number {
  return Math.ceil(ms - 1e-6)
}
