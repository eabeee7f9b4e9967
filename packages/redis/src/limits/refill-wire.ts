import type { SharedLimit } from '@harbor/batch/shared-limits'
import { sharedCapacity, type LeaseSize } from './lease-size.ts'

/** For how long a process counts as a member after its last report, in milliseconds. */
const PRESENCE_MS = 10_000
/** The maximum of a number in a reply. A larger one is a fault. */
const MAX_NUMBER = Number.MAX_SAFE_INTEGER

/** What a report says about one limit. */
export interface Ask extends LeaseSize {
  readonly limit: SharedLimit
  /** The total that the process has used, and that at the last report that was acknowledged. */
  readonly total: number
  readonly acknowledged: number
  /** The amount that the provider has reported as left; `Infinity` if it has not. */
  readonly left: number
  /** What had been used of the limit, as far as the process knows, if Redis has lost it. */
  readonly seed: number
}

export interface Reply {
  /** Identifies the state: another one means that the state was lost. */
  readonly epoch: string
  readonly members: number
  /** The time until all of what is held can be used. */
  readonly readyInMs: number
  readonly pausedForMs: number
  readonly limits: readonly Granted[]
}

/** What a reply says about one limit. */
export interface Granted {
  /** What this process holds, at the time of its report. */
  readonly held: number
  /** What was granted and is not refilled. */
  readonly used: number
  /** The total that all processes have used. */
  readonly ofAll: number
}

/** Returns the arguments of the script, in its order. */
export function argumentsOf(
  member: string,
  leaseMs: number,
  pauseMs: number,
  epoch: string,
  asks: readonly Ask[],
): string[] {
  const args = [member, String(leaseMs), String(PRESENCE_MS), String(pauseMs), epoch]
  for (const { limit, total, acknowledged, need, want, keep, left, seed } of asks) {
    args.push(limit.kind)
    for (const each of [
      limit.bucket.perMs,
      sharedCapacity(limit.bucket),
      total,
      acknowledged,
      need,
      want,
      keep,
    ])
      args.push(String(each))
    args.push(left === Infinity ? '' : String(left), String(seed))
  }
  return args
}

/** Reads a reply to a report about `count` limits; undefined if it is not one. */
export function replyOf(texts: readonly string[], count: number): Reply | undefined {
  const [epoch = '', ...rest] = texts
  const numbers = rest.map(Number)
  if (numbers.length !== 3 + 3 * count) return undefined
  if (numbers.some((each) => !(Math.abs(each) <= MAX_NUMBER))) return undefined
  const at = (index: number): number => numbers[index] ?? 0
  return {
    epoch,
    members: at(0),
    readyInMs: at(1),
    pausedForMs: at(2),
    limits: Array.from({ length: count }, (_, index) => ({
      held: at(3 + 3 * index),
      used: at(4 + 3 * index),
      ofAll: at(5 + 3 * index),
    })),
  }
}
