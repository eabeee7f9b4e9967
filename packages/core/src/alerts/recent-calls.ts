import type { Receipt } from '../reporting/receipt.ts'
import { Histogram, type Quantiles } from '../reporting/quantiles.ts'
import type { AlertStats } from '../reporting/alert.ts'

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
}

/** Counts the calls that succeeded or failed in the last five minutes, and records how long they took. Uses constant memory and time. */
export class RecentCalls {
  readonly #steps: Step[] = []

  record({ outcome, durationMs = 0 }: Receipt, now: number): void {
    if (outcome !== 'success' && outcome !== 'failure') return
    const step = this.#step(Math.floor(now / STEP_MS))
    if (outcome === 'failure') step.failed++
    else {
      step.succeeded++
      step.latency.record(durationMs)
    }
  }

  read(now: number): Pick<AlertStats, 'calls' | 'availability'> & { latencyMs: Quantiles | undefined } {
    this.#step(Math.floor(now / STEP_MS))
    const latency = new Histogram()
    let [succeeded, failed] = [0, 0]
    for (const step of this.#steps) {
      succeeded += step.succeeded
      failed += step.failed
      latency.add(step.latency)
    }
    const calls = succeeded + failed
    return { calls, availability: calls === 0 ? 1 : succeeded / calls, latencyMs: latency.read() }
  }

  /**
   * Returns the step with this number, and adds it if needed. If a newer step exists already, returns the newest one. Drops steps that have
   * left the window.
   */
  #step(number: number): Step {
    while ((this.#steps[0]?.number ?? Infinity) <= number - STEPS) this.#steps.shift()
    const newest = this.#steps.at(-1)
    if (newest && newest.number >= number) return newest
    const step = { number, succeeded: 0, failed: 0, latency: new Histogram() }
    this.#steps.push(step)
    return step
  }
}
