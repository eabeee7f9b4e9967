import { type Latency, sampleLatency } from '../latency.ts'
import type { ProviderScript } from '../script/script.ts'
import { backgroundEvents, type Responded, type ResponseObject } from '../wires/openai/responses.ts'

export interface RunOptions extends Responded {
  script: ProviderScript
  random: () => number
  now: number
  /** Whether the response was created with `stream: true`, so that it can be streamed. */
  streamed: boolean
}

/** A response that is generated in the background: its events have their times from the beginning. */
export class BackgroundRun {
  readonly streamed: boolean
  readonly createdAt: number
  readonly #base: ResponseObject
  readonly #final: ResponseObject
  readonly #frames: readonly string[]
  /** When each event occurs, by the simulator's clock. */
  readonly #dueAt: readonly number[]
  readonly #followers = new Set<() => void>()
  #cancelledAt = Infinity

  constructor({ script, random, now, streamed, ...responded }: RunOptions) {
    this.streamed = streamed
    this.createdAt = now
    this.#base = responded.base
    this.#final = responded.final
    this.#frames = backgroundEvents(responded)
    this.#dueAt = timesOf(this.#frames.length, script, random).map((ms) => now + ms)
  }

  /** The response object as it is at a time. */
  look(now: number): ResponseObject {
    if (now >= this.#cancelledAt) return { ...this.#base, status: 'cancelled' }
    if (now >= (this.#dueAt.at(-1) ?? 0)) return this.#final
    return { ...this.#base, status: now >= (this.#dueAt[STARTS] ?? 0) ? 'in_progress' : 'queued' }
  }

  /** The events after the one with this sequence number, and when they occur. After a cancellation, only those before it. */
  eventsAfter(sequence: number): { frames: readonly string[]; dueAt: readonly number[] } {
    const first = Math.max(0, sequence + 1)
    const end = this.#dueAt.findIndex((due) => due > this.#cancelledAt)
    const last = end < 0 ? this.#frames.length : end
    return { frames: this.#frames.slice(first, last), dueAt: this.#dueAt.slice(first, last) }
  }

  /** Cancels the run, unless it has ended, and notifies all that follow its events. */
  cancel(now: number): void {
    if (now >= Math.min(this.#cancelledAt, this.#dueAt.at(-1) ?? 0)) return
    this.#cancelledAt = now
    for (const follower of this.#followers) follower()
    this.#followers.clear()
  }

  /** Calls `follower` when the run is cancelled. Returns a function that ends this. */
  follow(follower: () => void): () => void {
    this.#followers.add(follower)
    return () => this.#followers.delete(follower)
  }
}

/** The index of the event with which a response starts to run, after `created` and `queued`. */
const STARTS = 2

/** The times of all events in milliseconds after the creation, in order. */
function timesOf(count: number, script: ProviderScript, random: () => number): number[] {
  const { firstTokenMs = 0, tokenMs = 0, background: { queuedMs = 0, runMs } = {} } = script
  const draw = (latency: Latency) => sampleLatency(latency, random)
  const queued = draw(queuedMs)
  const times = [0, 0, queued]
  const steps = count - times.length
  const whole = runMs === undefined ? undefined : draw(runMs)
  let last = queued
  for (let step = 1; step <= steps; step++) {
    last =
      whole === undefined ? last + draw(step === 1 ? firstTokenMs : tokenMs) : queued + (whole * step) / steps
    times.push(last)
  }
  return times
}
