import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { openJournal, runBulk, type JournalOptions } from '@harbor/batch'
import { figures, judged, tableOf, type Table } from '../table.ts'
import { CONCURRENCY, numbers } from './items.ts'

const ROUNDS = 5
const ANSWER = { role: 'assistant', content: 'An answer of about two hundred characters. '.repeat(5) }

interface Kept {
  name: string
  journal?: JournalOptions
  items: number
  /** The goal, in microseconds per item. */
  wanted?: number
}

const KEPT: readonly Kept[] = [
  { name: 'without a journal', items: 20_000, wanted: 1 },
  { name: "`durability: 'os'`", items: 20_000, journal: { durability: 'os' } },
  { name: "`durability: 'group'`", items: 20_000, journal: { durability: 'group' }, wanted: 25 },
  { name: "`durability: 'each'`", items: 2_000, journal: { durability: 'each' } },
]

/** The cost of storing each result of a bulk run, as a table. */
export async function journalTable(folder: string): Promise<Table> {
  const rounds = KEPT.map((): number[] => [])
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, kept] of KEPT.entries()) rounds[index]?.push(await microsecondsOf(kept, folder))
  }
  const sorted = rounds.map((took) => took.toSorted((a, b) => a - b))
  return judged(
    tableOf({
      'an item of a bulk run': KEPT.map(({ name }) => name),
      'goal, µs': figures(
        1,
        KEPT.map(({ wanted }) => wanted),
      ),
      µs: figures(
        1,
        sorted.map((took) => took[ROUNDS >> 1]),
      ),
      'min to max': figures(
        1,
        sorted.map(([least = NaN, ...more]): [number, number] => [least, more.at(-1) ?? least]),
      ),
    }),
    { wanted: 'goal, µs', got: 'µs', unit: 'µs', digits: 1 },
    (name) => `an item of a bulk run, ${name}`,
  )
}

async function microsecondsOf({ items, journal: options }: Kept, folder: string): Promise<number> {
  const path = join(folder, 'journal.jsonl')
  const journal = options && (await openJournal(path, options))
  const begun = performance.now()
  await runBulk(numbers(items), async () => ANSWER, { concurrency: CONCURRENCY, journal }).summary
  const took = performance.now() - begun
  if (journal) rmSync(path)
  return (took * 1_000) / items
}
