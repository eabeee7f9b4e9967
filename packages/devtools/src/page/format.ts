/** Formats a duration with three digits: `0.42 ms`, `85 ms`, `1.24 s`, `2 min 5 s`. */
export function duration(ms: number | undefined): string {
  if (ms === undefined) return '–'
  if (ms === 0) return '0'
  if (ms < 10) return `${ms < 0.1 ? ms.toFixed(2) : ms.toFixed(1)} ms`
  if (ms < 999.5) return `${Math.round(ms)} ms`
  if (ms < 59_950) return `${(ms / 1_000).toFixed(ms < 9_995 ? 2 : 1)} s`
  const seconds = Math.round(ms / 1_000)
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
  return `${Math.floor(seconds / 3_600)} h ${Math.floor((seconds % 3_600) / 60)} min`
}

/** Formats an amount in US dollars. Small amounts have more digits, because calls cost little. */
export function usd(amount: number): string {
  const size = Math.abs(amount)
  const isWholeCents = Math.abs(size * 100 - Math.round(size * 100)) < 1e-9
  const digits = isWholeCents || size >= 1 ? 2 : size >= 0.01 ? 4 : 6
  return `${amount < 0 ? '−' : ''}$${size.toFixed(digits)}`
}

export function count(value: number): string {
  return Math.round(value).toLocaleString('en')
}

/** Formats a share from 0 to 1. A share that is not whole is never rounded to 100 %, or to 0 %. */
export function percent(share: number, digits = 0): string {
  const factor = 10 ** digits
  const rounded = Math.round(share * 100 * factor) / factor
  const inside = Math.min(100 - 1 / factor, Math.max(1 / factor, rounded))
  return `${(share > 0 && share < 1 ? inside : rounded).toFixed(digits)} %`
}

export function bytes(value: number): string {
  if (value < 1_024) return `${value} B`
  return value < 1_048_576 ? `${(value / 1_024).toFixed(1)} KiB` : `${(value / 1_048_576).toFixed(1)} MiB`
}

/** Formats a point in time as that of a clock, in the time zone of the browser. */
export function clock(ms: number): string {
  return new Date(ms).toLocaleTimeString('en-GB')
}

export function plural(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`
}
