/**
 * Bounds an unknown error rate by judged samples, such that the bounds may be looked at after each sample. With an ordinary confidence interval,
 * looking often enough would find an excess by chance.
 *
 * For a rate `p` that is assumed, and another one `q`, each sample multiplies a stake: by `q / p` if the answer was wrong, by
 * `(1 - q) / (1 - p)` if it was right. If the probability of an error, given all earlier samples, is at most `p`, and `q > p`, the
 * expected factor is at most 1. By Ville's inequality, such a stake that starts at 1 ever reaches `1 / alpha` with a probability of at most
 * `alpha`. When it does, the assumption is rejected. The same holds for the mean of several stakes, one for each of several `q`. The
 * samples need not be independent of each other.
 *
 * Sources: J. Ville, Étude critique de la notion de collectif, 1939; H. Robbins, Statistical methods related to the law of the iterated
 * logarithm, 1970; I. Waudby-Smith and A. Ramdas, Estimating means of bounded random variables by betting, JRSS B, 2024.
 */
export interface Samples {
  /** The number of judged answers. */
  readonly judged: number
  /** How many of them were wrong. */
  readonly wrong: number
}

/** The probability, over all samples together, that a rate which is not above the maximum is ever found to be above it. */
export const ALPHA = 0.05

/** Whether samples show that the error rate is above a maximum. @param max the maximum, above 0 and below 1 */
export function exceeds(samples: Samples, max: number): boolean {
  return meanStake(samples, max, higherThan(max)) >= 1 / ALPHA
}

/**
 * Returns the upper bound of the error rate: the smallest rate that the samples reject as too high. With a probability of at least
 * `1 - ALPHA`, the rate is never above it, however often it is read.
 */
export function upperBound(samples: Samples): number {
  // The stake against a rate grows with the rate, so that the bound is found by halving.
  let [low, high] = [samples.judged === 0 ? 1 : samples.wrong / samples.judged, 1]
  for (let step = 0; step < PRECISION_BITS; step++) {
    const rate = (low + high) / 2
    if (meanStake(samples, rate, lowerThan(rate)) >= 1 / ALPHA) high = rate
    else low = rate
  }
  return high
}

/** The rates on which the stakes are set to show that a rate is above `max`: the nearer ones find a small excess, the others a large one soon. */
function higherThan(max: number): number[] {
  return HIGHER.map((part) => max + part * (1 - max))
}

function lowerThan(rate: number): number[] {
  return LOWER.map((part) => part * rate)
}

/** Parts of the way from the maximum up to 1. */
const HIGHER = [0.02, 0.04, 0.1]
/** Parts of the rate that is to be rejected. The first one is the fastest while nothing is wrong. */
const LOWER = [0, 0.1, 0.25, 0.5]
const PRECISION_BITS = 30

/** Returns the mean of the stakes that bet on each of the given rates against the assumed one. */
function meanStake({ judged, wrong }: Samples, assumed: number, rates: readonly number[]): number {
  const right = judged - wrong
  // By logarithms, since the powers of one stake may be too large and too small for a number.
  const stakes = rates.map((rate) =>
    Math.exp(timesLog(wrong, rate / assumed) + timesLog(right, (1 - rate) / (1 - assumed))),
  )
  return stakes.reduce((sum, stake) => sum + stake, 0) / rates.length
}

/** The logarithm of `base ** count`, where 0 to the power of 0 is 1. */
function timesLog(count: number, base: number): number {
  return count === 0 ? 0 : count * Math.log(base)
}
