import type { Receipt } from '../../src/index.ts'

/** Returns the time of a call that is neither part of an attempt nor of a wait, in milliseconds. */
export function uncoveredMs({ startedAt, endedAt = NaN, attempts, waits }: Receipt): number {
  const parts = [
    ...attempts.map((attempt) => [attempt.startedAt, attempt.startedAt + (attempt.durationMs ?? NaN)]),
    ...waits.map((wait) => [wait.startedAt, wait.startedAt + wait.ms]),
  ].sort(([one = 0], [other = 0]) => one - other)
  let uncovered = 0
  let until = startedAt
  for (const [from = 0, to = 0] of parts) {
    uncovered += Math.max(0, from - until)
    until = Math.max(until, to)
  }
  return uncovered + Math.max(0, endedAt - until)
}
