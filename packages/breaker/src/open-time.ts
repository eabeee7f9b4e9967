import type { Verdict } from './judge.ts'
import { duration } from './validate.ts'
import { ask } from './warn.ts'

/** How long an opening lasts: a first length that doubles, or a function of how many openings there were in a row, from 1. */
export type OpenTime = number | ((openings: number) => number)

export const DEFAULT_OPEN_MS = 30_000
/** An opening grows up to this, unless the first one is longer already. A judge cannot ask for more either. */
const LONGEST_OPEN_MS = 600_000

/** @param openings how many in a row, this one included */
export function openTime(openForMs: OpenTime, openings: number): number {
  return typeof openForMs === 'number'
    ? Math.min(openForMs * 2 ** (openings - 1), longest(openForMs))
    : ask('openForMs', () => openForMs(openings), duration, DEFAULT_OPEN_MS)
}

/** The least time that a verdict asks for; what makes no sense asks for nothing. */
export function wishOf(verdict: Verdict, openForMs: OpenTime): number {
  const wishedMs = typeof verdict === 'object' ? (verdict.openForMs ?? 0) : 0
  return wishedMs > 0 ? Math.min(wishedMs, longest(openForMs)) : 0
}

const longest = (openForMs: OpenTime): number => Math.max(Number(openForMs) || 0, LONGEST_OPEN_MS)
