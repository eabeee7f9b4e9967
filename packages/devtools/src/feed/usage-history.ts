/** The number of samples that are held of each limit, over one window. */
const MAX_SAMPLES = 60
/** The maximum number of limits, of all clients together, whose use is recorded. */
const MAX_LIMITS = 1_000

/** How much was taken of a limit in all, at a point in time. */
type Sample = readonly [at: number, taken: number]

/** Remembers how much of each limit was taken, so that the page can show how much of it was used within its window. */
export class UsageHistory {
  /** By client, quota group and kind of limit. */
  readonly #samples = new Map<string, Sample[]>()
  readonly #openedAt: number

  /** @param openedAt when the page was opened: what was taken before is not known. In milliseconds since the epoch */
  constructor(openedAt: number) {
    this.#openedAt = openedAt
  }

  /**
   * Records how much was taken of a limit in all.
   * @param windowMs the window of the limit, in milliseconds
   * @param now in milliseconds since the epoch
   * @returns how much of it was taken within the last window, since the page was opened
   */
  use(key: string, taken: number, windowMs: number, now: number): number {
    let samples = this.#samples.get(key)
    if (!samples) {
      if (this.#samples.size >= MAX_LIMITS) return 0
      // A limit that is new since the page was opened was not used before.
      this.#samples.set(key, (samples = [[now, now <= this.#openedAt ? taken : 0]]))
    }
    const [at, before] = samples.at(-1) ?? [now, taken]
    // A limiter counts again from 0 if it had forgotten the limit.
    if (taken < before) samples.splice(0, samples.length, [now, 0])
    else if (now - at >= windowMs / MAX_SAMPLES) samples.push([now, taken])
    // The first sample is the last one from before the window, if there is one.
    while ((samples[1]?.[0] ?? Infinity) <= now - windowMs) samples.shift()
    return taken - (samples[0]?.[1] ?? 0)
  }
}
