import type { FleetPot } from '../fleet/contracts.ts'

const HOUR_MS = 3_600_000
const LENGTH_MS = { hour: HOUR_MS, day: 24 * HOUR_MS, total: 0 } as const

/** Returns the length of a period in milliseconds; 0 for a limit without periods. */
export function lengthOf(per: FleetPot['per']): number {
  return LENGTH_MS[per]
}

/** Returns when the period of a time ends, in milliseconds since the epoch; Infinity for a limit without periods. */
export function nextPeriod(per: FleetPot['per'], now: number): number {
  const length = LENGTH_MS[per]
  return length === 0 ? Infinity : (Math.floor(now / length) + 1) * length
}
