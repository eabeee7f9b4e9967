import { type Latency, sampleLatency } from '../latency.ts'
import type { ProviderScript } from '../script/script.ts'
import { backgroundEvents, type Responded, type ResponseObject } from '../wires/openai/responses.ts'

export interface RunOptions extends Responded {
  script: ProviderScript
  random: () => number
  now: number
  /** Whether the response was created with `stream: true`. Only then can it be streamed again later. */
  streamed: boolean
}

/** A response that is generated in the background. The times of its events are fixed when it is created. */
export class BackgroundRun {
  readonly streamed: boolean
  readonly createdAt: number
  readonly #base: ResponseObject
  readonly #final: ResponseObject
  readonly #frames: readonly string[]
  /** The time of each event in milliseconds, by the simulator's clock. */
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

  /** Returns the response object as it is at the time `now`. */
  look(now: number): ResponseObject {
    if (now >= this.#cancelledAt) return { ...this.#base, status: 'cancelled' }
    if (now >= (this.#dueAt.at(-1) ?? 0)) return this.#final
    return { ...this.#base, status: now >= (this.#dueAt[STARTS] ?? 0) ? 'in_progress' : 'queued' }
  }

  /** Returns the events after the one with this sequence number, and their times. Events after a cancellation are left out. */
  eventsAfter(sequence: number): { frames: readonly string[]; dueAt: readonly number[] } {
    const first = Math.max(0, sequence + 1)
    const end = this.#dueAt.findIndex((due) => due > this.#cancelledAt)
    const last = end < 0 ? this.#frames.length : end
    return { frames: this.#frames.slice(first, last), dueAt: this.#dueAt.slice(first, last) }
  }

  /** Cancels the run, and notifies the followers of its events. Does nothing if the run has ended. */
  cancel(now: number): void {
    if (now >= Math.min(this.#cancelledAt, this.#dueAt.at(-1) ?? 0)) return
    this.#cancelledAt = now
    for (const follower of this.#followers) follower()
    this.#followers.clear()
  }

  /** Registers `follower` to be called when the run is cancelled. Returns a function that removes it. */
  follow(follower: () => void): () => void {
    this.#followers.add(follower)
    return () => this.#followers.delete(follower)
  }
}

/** The index of the event `response.in_progress`. The events `response.created` and `response.queued` come before it. */
const STARTS = 2

/** Draws the times of all events, in order, in milliseconds after the creation of the response. */
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
