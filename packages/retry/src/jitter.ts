/**
 * How chance spreads the delays of clients that failed together.
 * - `full`: anywhere from 0 to the delay; the least load on a server that is recovering.
 * - `equal`: from half of the delay to the delay.
 * - `decorrelated`: from the base delay to three times the previous delay.
 * - `none`: exactly the delay.
 *
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export type Jitter = 'full' | 'equal' | 'decorrelated' | 'none'

/** Applied after the cap, so that clients still differ when all of them have reached it. */
export function spread(delayMs: number, jitter: boolean | Jitter, random: () => number): number {
  if (jitter === 'none' || jitter === false) return delayMs
  return jitter === 'equal' ? (delayMs * (1 + random())) / 2 : delayMs * random()
}
