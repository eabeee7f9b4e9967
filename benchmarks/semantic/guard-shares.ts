import { compareTexts, createSemanticCache } from '@harbor/cache/semantic'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { figures, judged, median, tableOf, type Table } from '../table.ts'

/** Two texts of the tests of the package. */
interface Pair {
  readonly class?: string
  readonly kind?: string
  readonly texts: readonly [string, string]
}

const FOLDER = join(import.meta.dirname, '../../packages/cache/test/semantic')

/** The share of the hard pairs that the guard refuses, by class. */
export function hardPairTable(): Table {
  const pairs = [...read('hard-pairs.json'), ...read('held-out-pairs.json')]
  const table = shares('pairs that look alike and differ', pairs, 'refused, %', (passes) => !passes)
  const goal = figures(
    0,
    table.rows.map(() => 99),
  )
  return judged(
    {
      ...table,
      columns: [...table.columns, { title: 'goal, %', digits: 0 }],
      rows: table.rows.map((row, at) => [...row, goal.cells[at] ?? null]),
    },
    { wanted: 'goal, %', got: 'refused, %', unit: '%', digits: 1, atLeast: true },
    (name) => `hard pairs that the semantic guard refuses: ${name}`,
  )
}

/** The share of the paraphrases that the guard lets pass, by kind. */
export function paraphraseTable(): Table {
  return shares('pairs that mean the same', read('paraphrases.json'), 'pass, %', (passes) => passes)
}

function shares(
  title: string,
  pairs: readonly Pair[],
  column: string,
  counts: (passes: boolean) => boolean,
): Table {
  const kinds = [...new Set(pairs.map(kindOf)), 'all']
  const of = (kind: string): readonly Pair[] =>
    pairs.filter((pair) => kind === 'all' || kindOf(pair) === kind)
  const shareOf = (kind: string): number =>
    (100 *
      of(kind).filter(({ texts: [one, other] }) => counts(compareTexts(one, other) === undefined)).length) /
    of(kind).length
  return tableOf({
    [title]: kinds,
    pairs: figures(
      0,
      kinds.map((kind) => of(kind).length),
    ),
    [column]: figures(1, kinds.map(shareOf)),
  })
}

const kindOf = (pair: Pair): string => pair.class ?? pair.kind ?? ''
const read = (name: string): readonly Pair[] => JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as Pair[]

const RUNS = 200

/** After how many judged hits the cache switches itself off, for embedders that are wrong in a share of the hits. */
export async function boundTable(): Promise<Table> {
  const rates = [1, 0.5, 0.2, 0.1, 0.05, 0.01]
  const runs: number[][] = []
  for (const rate of rates) {
    const ends: number[] = []
    for (let run = 0; run < RUNS; run++) ends.push(await judgedUntilOff(rate, run + 1))
    runs.push(ends)
  }
  const within = runs.map((ends) => (100 * ends.filter((end) => end <= 200).length) / RUNS)
  return tableOf({
    'wrong hits, with maxErrorRate 1 %': rates.map((rate) => `${rate * 100} %`),
    'switched off within 200 judged hits, % of 200 runs': figures(1, within),
    'judged hits until then, median': figures(
      0,
      runs.map((ends) => median(ends.filter((end) => end <= 200))),
    ),
  })
}

async function judgedUntilOff(rate: number, seed: number): Promise<number> {
  let state = seed
  const random = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 4_294_967_296
  }
  for (let at = 0; at < 10; at++) random()
  const cache = createSemanticCache<string>({
    embed: () => [1, 0],
    shadow: false,
    judge: () => random() >= rate,
  })
  await cache.store({ partition: 'p', text: 'How tall is it?', value: '' })
  for (let judged = 1; judged <= 200; judged++) {
    await cache.lookup({ partition: 'p', text: 'What is the height of it?' })
    await cache.idle()
    if (cache.state === 'off') return judged
  }
  return Infinity
}
