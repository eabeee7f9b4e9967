import { BoundedMap } from '../base/bounded-map.ts'
import type { Target } from '../reporting/target.ts'
import { targetKey } from './state-keys.ts'

/** The maximum number of answers of a target from which its latency is computed. */
const MAX_SAMPLES = 100
/** How long an answer counts, in milliseconds. A target that was slow, and is avoided for that, is then tried again. */
const MAX_AGE_MS = 3_600_000
const MAX_TARGETS = 1_000

interface Sample {
  readonly at: number
  readonly ms: number
}

/** How long the latest answers of a target took. */
export interface RecentLatency {
  /** The 95th percentile, in milliseconds; undefined if there was no answer lately. */
  readonly p95Ms: number | undefined
  readonly samples: number
}

/** How long targets have taken lately, for each target apart for streams, until their first content, and for whole answers. */
export class RecentLatencies {
  readonly #samples = new BoundedMap<string, Sample[]>(MAX_TARGETS)

  note(target: Target, streaming: boolean, ms: number, now: number): void {
    const key = keyOf(target, streaming)
    let samples = this.#samples.get(key)
    if (!samples) this.#samples.set(key, (samples = []))
    samples.push({ at: now, ms })
    if (samples.length > MAX_SAMPLES) samples.shift()
  }

  of(target: Target, streaming: boolean, now: number): RecentLatency {
    const samples = this.#samples.get(keyOf(target, streaming)) ?? []
    const recent = samples.filter(({ at }) => now - at <= MAX_AGE_MS).map(({ ms }) => ms)
    recent.sort((one, other) => one - other)
    return { p95Ms: recent[Math.ceil(0.95 * recent.length) - 1], samples: recent.length }
  }
}

function keyOf(target: Target, streaming: boolean): string {
  return `${targetKey(target)}\n${streaming ? 'stream' : 'json'}`
}
