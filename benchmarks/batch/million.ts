import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { figures, judged, tableOf, type Table } from '../table.ts'

/** The goal, in megabytes. */
const WANTED = 100

/** Keeps V8 from enlarging its young generation, which it does when much of it survives. */
const SMALL_YOUNG_GENERATION = '--max-semi-space-size=1'

const IDS_FROM_NUMBERS = `for await (const _ of runBulk(numbers(N), same, { concurrency: 64, id: (item) => 'item-' + item }));`

const PROGRAMS = {
  'a loop and nothing else': `let next = 0
    const worker = async () => { while (next < N) await same(next++) }
    await Promise.all(Array.from({ length: 64 }, worker))`,
  'a loop that makes ids from numbers': `let length = 0
    for await (const item of numbers(N)) length += ('item-' + item).length`,
  'harbor: `runBulk`': `for await (const _ of runBulk(numbers(N), same, { concurrency: 64 }));`,
  'harbor: `runBulk`, ids from numbers': IDS_FROM_NUMBERS,
  // Two ways to do without the strings of numbers that V8 caches, and without what it does for them.
  'harbor: `runBulk`, ids from two small numbers': `for await (const _ of runBulk(numbers(N), same, { concurrency: 64, id: (item) => 'item-' + Math.floor(item / 1_000) + '-' + (item % 1_000) }));`,
  [`harbor: \`runBulk\`, ids from numbers, \`node ${SMALL_YOUNG_GENERATION}\``]: IDS_FROM_NUMBERS,
  'harbor: `runBulk` of a file': `for await (const _ of runBulk(readJsonl(FILE), same, { concurrency: 64 }));`,
  'harbor: `runBulk` of a file, with its ids': `for await (const _ of runBulk(readJsonl(FILE), same, { concurrency: 64, id: ({ value }) => value.id }));`,
  'p-map: `pMapIterable`': `for await (const _ of pMapIterable(numbers(N), same, { concurrency: 64 }));`,
  'p-map': `await pMap(numbers(N), same, { concurrency: 64 })`,
  'p-limit': `const limit = pLimit(64); const all = []
    for await (const item of numbers(N)) all.push(limit(same, item))
    await Promise.all(all)`,
  'p-queue': `const queue = new PQueue({ concurrency: 64 }); const all = []
    for await (const item of numbers(N)) all.push(queue.add(() => same(item)))
    await Promise.all(all)`,
}

interface Taken {
  name: string
  microseconds: number
  megabytes: number
}

/** The time and memory of a million items, each program in its own process, as a table. */
export async function millionTable(folder: string): Promise<Table> {
  await writeRequests(join(folder, 'items.jsonl'))
  const all: Taken[] = []
  for (const [name, code] of Object.entries(PROGRAMS)) {
    const flags = name.includes(SMALL_YOUNG_GENERATION) ? [SMALL_YOUNG_GENERATION] : []
    all.push({ name, ...(await runAlone(code, folder, flags)) })
  }
  return judged(
    tableOf({
      '1,000,000 items, each in its own process': all.map(({ name }) => name),
      'goal, MB': figures(
        0,
        all.map(({ name }) => (name.startsWith('harbor') ? WANTED : undefined)),
      ),
      'peak MB': figures(
        0,
        all.map(({ megabytes }) => megabytes),
      ),
      'µs per item': figures(
        2,
        all.map(({ microseconds }) => microseconds),
      ),
    }),
    { wanted: 'goal, MB', got: 'peak MB', unit: 'MB', digits: 0 },
    (name) => `memory of a process of 1,000,000 items, ${name}`,
  )
}

async function writeRequests(path: string): Promise<void> {
  const file = createWriteStream(path)
  for (let item = 0; item < 1_000_000; item++) {
    if (!file.write(`{"id":"item-${item}","prompt":"What is ${item}?"}\n`)) await once(file, 'drain')
  }
  file.end()
  await once(file, 'finish')
}

/** Bundled, since a process that runs TypeScript starts with 45 MB more. */
async function runAlone(
  code: string,
  folder: string,
  flags: readonly string[],
): Promise<{ microseconds: number; megabytes: number }> {
  const file = join(folder, 'million.mjs')
  const { outputFiles } = await build({
    stdin: {
      contents: `import { readJsonl, runBulk } from '@harbor/batch'
        import pMap, { pMapIterable } from 'p-map'
        import pLimit from 'p-limit'
        import PQueue from 'p-queue'
        const N = 1_000_000
        const FILE = ${JSON.stringify(join(folder, 'items.jsonl'))}
        const same = async (value) => value
        async function* numbers(count) { for (let item = 0; item < count; item++) yield item }
        const begun = performance.now()
        ${code}
        console.log(((performance.now() - begun) * 1_000) / N, process.resourceUsage().maxRSS / 1_000)`,
      resolveDir: import.meta.dirname,
    },
    bundle: true,
    format: 'esm',
    platform: 'node',
    conditions: ['@harbor/source'],
    write: false,
  })
  writeFileSync(file, outputFiles[0]?.contents ?? '')
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, file])
  const [microseconds = NaN, megabytes = NaN] = stdout.split(' ').map(Number)
  return { microseconds, megabytes }
}
