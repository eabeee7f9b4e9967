import type { Verdict } from './judge.ts'
import { duration } from './validate.ts'
import { callOr } from './warn.ts'

/**
 * How long the circuit stays open, in milliseconds. A number is doubled each further time in a row that the circuit opens. A
 * function receives how many times in a row the circuit has opened, counted from 1.
 */
export type OpenTime = number | ((consecutiveOpens: number) => number)

export const DEFAULT_OPEN_MS = 30_000
/**
 * The maximum time that the circuit stays open because of doubling, or of `openForMs` in a verdict, in milliseconds. If the
 * option `openForMs` is longer, that option is the maximum instead.
 */
const MAX_OPEN_MS = 600_000

/**
 * Returns how long the circuit stays open, in milliseconds.
 *
 * @param consecutiveOpens how many times in a row the circuit has opened, including this time
 */
export function openTime(openForMs: OpenTime, consecutiveOpens: number): number {
  return typeof openForMs === 'number'
    ? Math.min(openForMs * 2 ** (consecutiveOpens - 1), maxOpenMs(openForMs))
    : callOr('openForMs', () => openForMs(consecutiveOpens), duration, DEFAULT_OPEN_MS)
}

/**
 * Returns the minimum time that a verdict requests for the circuit to stay open, in milliseconds; 0 if there is no valid request.
 */
export function requestedOpenMs(verdict: Verdict, openForMs: OpenTime): number {
  const requestedMs = typeof verdict === 'object' ? (verdict.openForMs ?? 0) : 0
  return requestedMs > 0 ? Math.min(requestedMs, maxOpenMs(openForMs)) : 0
}

const maxOpenMs = (openForMs: OpenTime): number => Math.max(Number(openForMs) || 0, MAX_OPEN_MS)
