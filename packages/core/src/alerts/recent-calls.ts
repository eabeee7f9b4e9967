import type { Receipt } from '../reporting/receipt.ts'
import { Histogram } from '../reporting/quantiles.ts'
import type { AlertStats } from '../reporting/alert.ts'
import { AttemptCounts } from './attempt-counts.ts'

/**
 * The length of one step, in milliseconds. The window of five minutes moves by whole steps, so a call stays in it for four and a half to
 * five minutes.
 */
export const STEP_MS = 30_000
/** The number of steps in the window. */
export const STEPS = 10

interface Step {
  readonly number: number
  succeeded: number
  failed: number
  readonly latency: Histogram
  readonly attempts: AttemptCounts
  hits: number
  misses: number
}

type RecentStats = Pick<AlertStats, 'calls' | 'availability' | 'latencyMs' | 'attempts' | 'cacheLookups'>

/**
 * Counts the calls that succeeded or failed in the last five minutes, their requests and their cache lookups, and records how long they took.
 * Uses bounded memory.
 */
export class RecentCalls {
  readonly #steps: Step[] = []

  record({ outcome, durationMs = 0, attempts, cache }: Receipt, now: number): void {
    if (outcome !== 'success' && outcome !== 'failure') return
    const step = this.#step(Math.floor(now / STEP_MS))
    for (const attempt of attempts) step.attempts.record(attempt)
    if (cache?.status === 'miss') step.misses++
    else if (cache && cache.status !== 'bypass') step.hits++
    if (outcome === 'failure') step.failed++
    else {
      step.succeeded++
      step.latency.record(durationMs)
    }
  }

  read(now: number): RecentStats {
    this.#step(Math.floor(now / STEP_MS))
    const latency = new Histogram()
    const attempts = new AttemptCounts()
    let [succeeded, failed, hits, misses] = [0, 0, 0, 0]
    for (const step of this.#steps) {
      succeeded += step.succeeded
      failed += step.failed
      hits += step.hits
      misses += step.misses
      latency.add(step.latency)
      attempts.addAll(step.attempts)
    }
    const calls = succeeded + failed
    return {
      calls,
      availability: calls === 0 ? 1 : succeeded / calls,
      latencyMs: latency.read(),
      attempts: attempts.read(),
      cacheLookups: { hits, misses },
    }
  }

  /**
   * Returns the step with this number, and adds it if needed. If a newer step exists already, returns the newest one. Drops steps that have
   * left the window.
   */
  #step(number: number): Step {
    while ((this.#steps[0]?.number ?? Infinity) <= number - STEPS) this.#steps.shift()
    const newest = this.#steps.at(-1)
    if (newest && newest.number >= number) return newest
    const latency = new Histogram()
    const step = {
      number,
      succeeded: 0,
      failed: 0,
      latency,
      attempts: new AttemptCounts(),
      hits: 0,
      misses: 0,
    }
    this.#steps.push(step)
    return step
  }
}
