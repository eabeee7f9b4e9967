/**
 * How delays are randomised. Randomised delays prevent clients that failed at the same time from retrying at the same time.
 * - `full`: between 0 and the delay. Causes the least load on a server that is recovering.
 * - `equal`: between half of the delay and the delay.
 * - `decorrelated`: between the base delay and `factor` times the previous delay.
 * - `none`: exactly the delay.
 *
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export type Jitter = 'full' | 'equal' | 'decorrelated' | 'none'

/**
 * Randomises a delay, in milliseconds. Apply `maxDelayMs` to the delay before, not after: otherwise many clients would wait
 * for exactly the maximum.
 */
export function applyJitter(delayMs: number, jitter: boolean | Jitter, random: () => number): number {
  if (jitter === 'none' || jitter === false) return delayMs
  return jitter === 'equal' ? (delayMs * (1 + random())) / 2 : delayMs * random()
}
