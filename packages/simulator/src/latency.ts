/** A duration in milliseconds: constant (a number), lognormal (`mean`, `sigma`), or uniform between `min` and `max`. */
export type Latency =
  | number
  | {
      /** The mean of a lognormal distribution, in milliseconds, above 0. */
      mean: number
      /** The standard deviation of the logarithm, at least 0: 0.5 gives a moderate tail, 0 none. */
      sigma: number
    }
  | {
      /** The shortest time of a uniform distribution, in milliseconds. */
      min: number
      /** The longest time, in milliseconds, at least `min`. */
      max: number
    }

/** Draws a random duration from this distribution, in milliseconds. A constant is returned as it is. */
export function sampleLatency(latency: Latency, random: () => number): number {
  if (typeof latency === 'number') return latency
  if ('min' in latency) return latency.min + random() * (latency.max - latency.min)
  const { mean, sigma } = latency
  // exp(mu + sigma²/2) is the mean of a lognormal distribution.
  return Math.exp(Math.log(mean) - (sigma * sigma) / 2 + sigma * gaussian(random))
}

function gaussian(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}
