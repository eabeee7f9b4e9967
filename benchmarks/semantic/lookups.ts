import { createSemanticCache, type SemanticCache } from '@harbor/cache/semantic'
import { figures, median, tableOf, type Table } from '../table.ts'

const SIZES = [1_000, 10_000]
const LENGTHS = [256, 512, 1_536]
const ROUNDS = 60

/** The time of a lookup, without that of the embedder, by the number of entries in the partition and the length of the vectors. */
export async function lookupTable(): Promise<Table> {
  const hits: number[][] = []
  const misses: number[][] = []
  for (const entries of SIZES) {
    const times = []
    for (const length of LENGTHS) times.push(await lookupTimes(entries, length))
    hits.push(times.map(({ hit }) => hit))
    misses.push(times.map(({ miss }) => miss))
  }
  const rows = SIZES.flatMap((entries, at) =>
    LENGTHS.map((length, place) => ({
      name: `${entries.toLocaleString('en-US')} entries, ${length} numbers`,
      hit: hits[at]?.[place],
      miss: misses[at]?.[place],
    })),
  )
  return tableOf({
    'a lookup in one partition': rows.map(({ name }) => name),
    'a hit, µs': figures(
      0,
      rows.map(({ hit }) => hit),
    ),
    'a miss, µs': figures(
      0,
      rows.map(({ miss }) => miss),
    ),
  })
}

async function lookupTimes(entries: number, length: number): Promise<{ hit: number; miss: number }> {
  const vectors = new Map<string, Float32Array>()
  const embed = (text: string): Float32Array => {
    const name = text.replace(/^How tall is |^What is the height of /, '')
    const known = vectors.get(name)
    if (known) return known
    const vector = Float32Array.from({ length }, () => random() - 0.5)
    vectors.set(name, vector)
    return vector
  }
  const cache = createSemanticCache<number>({
    embed,
    shadow: false,
    judge: () => true,
    maxEntries: entries,
    judgeShare: 0.001,
  })
  for (let at = 0; at < entries; at++)
    await cache.store({ partition: 'p', text: `How tall is ${at}?`, value: at })
  const hit = await timeOf(cache, (round) => `What is the height of ${(round * 7) % entries}?`, 'hit')
  const miss = await timeOf(cache, (round) => `What is the height of another ${round}?`, 'miss')
  return { hit, miss }
}

async function timeOf(
  cache: SemanticCache<number>,
  textOf: (round: number) => string,
  status: string,
): Promise<number> {
  const times: number[] = []
  for (let round = 0; round < 2 * ROUNDS; round++) {
    const text = textOf(round)
    const start = performance.now()
    const found = await cache.lookup({ partition: 'p', text })
    times.push((performance.now() - start) * 1_000)
    if (found.status !== status) throw new Error(`expected a ${status}, got a ${found.status}`)
    await cache.idle()
  }
  // The first half is for the compiler.
  return median(times.slice(ROUNDS))
}

let state = 1
function random(): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
  return state / 4_294_967_296
}
