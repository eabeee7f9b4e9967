/** The number of different keys. */
export const UNIVERSE = 100_000
const REQUESTS = 300_000

/** The keys of the requests, one after the other; the same in every run. */
export const traces = (): Record<string, Int32Array> => ({
  'Zipf 0.8': zipf(0.8),
  'Zipf 1.0': zipf(1),
  '20 % scan': scan(zipf(1)),
  shifting: shifting(zipf(1)),
})

/** Keys whose popularity falls with a power of their rank. */
function zipf(exponent: number): Int32Array {
  const cumulated = new Float64Array(UNIVERSE)
  let sum = 0
  for (let rank = 0; rank < UNIVERSE; rank++) cumulated[rank] = sum += (rank + 1) ** -exponent
  const random = seeded(11)
  return Int32Array.from({ length: REQUESTS }, () => {
    const point = random() * sum
    let low = 0
    let high = UNIVERSE - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if ((cumulated[middle] ?? 0) < point) low = middle + 1
      else high = middle
    }
    return low
  })
}

/** Every fifth key is never requested again. */
function scan(trace: Int32Array): Int32Array {
  return trace.map((key, at) => (at % 5 === 0 ? UNIVERSE + at : key))
}

/** The popular keys change ten times. */
function shifting(trace: Int32Array): Int32Array {
  return trace.map((key, at) => (key + Math.floor((at * 10) / REQUESTS) * 10_007) % UNIVERSE)
}

/** Numbers from 0 to 1 (mulberry32). */
function seeded(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
