import { pause } from '../../base/pause.ts'
import type { Pace } from './pace.ts'

/** How often the time at which calls must begin is calculated again, as a part of the time until then. It changes as answers arrive. */
const RECHECK_PART = 0.25
const MIN_RECHECK_MS = 20

/** Knows until when the requests of a run can wait for a cheaper answer, and must be called directly after that. */
export class Schedule {
  readonly startedAt: number
  readonly deadlineAt: number
  readonly #pace: Pace
  readonly #unanswered: () => number
  readonly #stop: AbortSignal

  /**
   * @param unanswered returns the number of requests that have no result yet
   * @param stop ends all waits
   */
  constructor(
    { startedAt, deadlineAt }: { readonly startedAt: number; readonly deadlineAt: number },
    pace: Pace,
    unanswered: () => number,
    stop: AbortSignal,
  ) {
    this.startedAt = startedAt
    this.deadlineAt = deadlineAt
    this.#pace = pace
    this.#unanswered = unanswered
    this.#stop = stop
  }

  get msLeft(): number {
    return this.deadlineAt - Date.now()
  }

  /** The time of the whole run, from its first start to its deadline, in milliseconds. */
  get totalMs(): number {
    return this.deadlineAt - this.startedAt
  }

  /** The time until direct calls must begin for all requests without a result, in milliseconds. At most 0 if they must begin now. */
  get slackMs(): number {
    return this.msLeft - this.#pace.callsMs(this.#unanswered()) - RESERVE_PART * this.totalMs
  }

  /**
   * Waits until direct calls must begin, or the given time before that. Ends early when the run stops.
   * @param earlierMs in milliseconds
   * @param signal ends the wait early, too
   */
  async untilCalls(earlierMs = 0, signal?: AbortSignal): Promise<void> {
    for (;;) {
      const ms = this.slackMs - earlierMs
      if (ms <= 0 || this.#stop.aborted || signal?.aborted) return
      await this.pause(Math.max(MIN_RECHECK_MS, ms * RECHECK_PART), signal)
    }
  }

  /** Waits for a time in milliseconds. Ends early when the run stops, or the signal aborts. */
  pause(ms: number, signal?: AbortSignal): Promise<void> {
    return pause(ms, this.#stop, signal)
  }
}

/** The part of the whole time that is kept free before the deadline. */
export const RESERVE_PART = 0.02
