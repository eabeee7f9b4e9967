import type { ProviderScript } from '../script/script.ts'
import { backgroundEvents, type Responded, type ResponseObject } from '../wires/openai/responses.ts'
import { drawBackground, STARTS } from './background-times.ts'
import type { CompletionWindow } from './completion-window.ts'

export interface RunOptions extends Responded {
  script: ProviderScript
  random: () => number
  now: number
  /** The discounted completion window of the response; undefined for none. */
  window: CompletionWindow | undefined
  /** Whether the response was created with `stream: true`. Only then can it be streamed again later. */
  streamed: boolean
}

/** A response that is generated in the background. The times of its events are fixed when it is created. */
export class BackgroundRun {
  readonly streamed: boolean
  readonly createdAt: number
  readonly #base: ResponseObject
  readonly #final: ResponseObject
  /** The events, for a response that can be streamed; otherwise none, since thousands of responses can run at once. */
  readonly #frames: readonly string[]
  /** The time of each event in milliseconds, by the simulator's clock. */
  readonly #dueAt: readonly number[]
  readonly #startsAt: number
  readonly #endsAt: number
  readonly #followers = new Set<() => void>()
  #cancelledAt = Infinity

  constructor({ script, random, now, window, streamed, ...responded }: RunOptions) {
    this.streamed = streamed
    this.createdAt = now
    this.#base = responded.base
    const frames = backgroundEvents(responded)
    const { events, fails } = drawBackground(frames.length, window, script, random)
    this.#final = fails ? failed(responded.base) : responded.final
    this.#frames = streamed ? frames : []
    this.#dueAt = streamed ? events.map((ms) => now + ms) : []
    this.#startsAt = now + (events[STARTS] ?? 0)
    this.#endsAt = now + (events.at(-1) ?? 0)
  }

  /** Whether the response ends as `failed`, so that none of its tokens are billed. */
  get fails(): boolean {
    return this.#final.status === 'failed'
  }

  /** Returns the response object as it is at the time `now`. */
  look(now: number): ResponseObject {
    if (now >= this.#cancelledAt) return { ...this.#base, status: 'cancelled' }
    if (now >= this.#endsAt) return this.#final
    return { ...this.#base, status: now >= this.#startsAt ? 'in_progress' : 'queued' }
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
    if (now >= Math.min(this.#cancelledAt, this.#endsAt)) return
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

function failed(base: ResponseObject): ResponseObject {
  const error = { code: 'server_error', message: 'The model failed to generate a response.' }
  return { ...base, status: 'failed', error }
}
