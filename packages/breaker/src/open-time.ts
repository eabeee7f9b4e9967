import type { Verdict } from './judge.ts'
import { duration } from './validate.ts'
import { callOr } from './warn.ts'

/**
 * How long the circuit stays open, in milliseconds: a number, doubled for each consecutive open, or a function of the number of
 * consecutive opens, counted from 1.
 */
export type OpenTime = number | ((consecutiveOpens: number) => number)

export const DEFAULT_OPEN_MS = 30_000
/** The longest open time that doubling or a verdict leads to, in milliseconds, unless the option `openForMs` is longer. */
const MAX_OPEN_MS = 600_000

/**
 * Returns how long the circuit stays open, in milliseconds.
 *
 * @param consecutiveOpens the number of consecutive opens, including this one
 */
export function openTime(openForMs: OpenTime, consecutiveOpens: number): number {
  return typeof openForMs === 'number'
    ? Math.min(openForMs * 2 ** (consecutiveOpens - 1), maxOpenMs(openForMs))
    : callOr('openForMs', () => openForMs(consecutiveOpens), duration, DEFAULT_OPEN_MS)
}

/** Returns the minimum open time that a verdict requests, in milliseconds; 0 if the verdict requests none, or an invalid one. */
export function requestedOpenMs(verdict: Verdict, openForMs: OpenTime): number {
  const requestedMs = typeof verdict === 'object' ? (verdict.openForMs ?? 0) : 0
  return requestedMs > 0 ? Math.min(requestedMs, maxOpenMs(openForMs)) : 0
}

const maxOpenMs = (openForMs: OpenTime): number => Math.max(Number(openForMs) || 0, MAX_OPEN_MS)
