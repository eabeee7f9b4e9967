/**
 * What `@harbor/batch` costs: an add beside DataLoader, an item of a bulk run beside p-map, p-queue, p-limit and Bottleneck, in turns in
 * one process; then a million items and what they take in memory, each in a process of its own, and what a journal adds.
 *
 *     node --expose-gc --conditions=@harbor/source benchmarks/batch.bench.ts
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createBatcher, openJournal, runBulk, type JournalOptions } from '@harbor/batch'
import Bottleneck from 'bottleneck'
import DataLoader from 'dataloader'
import { build } from 'esbuild'
import pLimit from 'p-limit'
import pMap, { pMapIterable } from 'p-map'
import PQueue from 'p-queue'
import { printBundleSizes } from './bundle-size.ts'
import { compareCpu, type Call } from './cpu.ts'
import { measure, printTable, type Subject } from './measure.ts'

const CONCURRENCY = 64
const BATCH = { maxBatchSize: 100 }
const same = async <T>(value: T): Promise<T> => value

/** The same for CPU, which other programs on the machine do not lengthen: so many microseconds are as many nanoseconds each. */
function thousands(subjects: Record<string, Subject>): Record<string, Call> {
  return Object.fromEntries(Object.entries(subjects).map(([name, subject]) => [name, () => subject(1_000)]))
}

async function* numbers(count: number): AsyncGenerator<number> {
  for (let item = 0; item < count; item++) yield item
}

/** A thousand adds at once, then all their results: each subject in a loop of its own, so that none is called through a pointer. */
const adds = {
  'DataLoader: load, cache off': async (times: number) => {
    for (let done = 0; done < times; done += 1_000) {
      const loader = new DataLoader<number, number>(same, { ...BATCH, cache: false })
      const results: Promise<number>[] = []
      for (let item = 0; item < 1_000; item++) results.push(loader.load(item))
      await Promise.all(results)
    }
  },
  'harbor: add': async (times: number) => {
    for (let done = 0; done < times; done += 1_000) {
      const batcher = createBatcher<number, number>(same, BATCH)
      const results: Promise<number>[] = []
      for (let item = 0; item < 1_000; item++) results.push(batcher.add(item))
      await Promise.all(results)
    }
  },
  'harbor: add, eager': async (times: number) => {
    for (let done = 0; done < times; done += 1_000) {
      const batcher = createBatcher<number, number>(same, { ...BATCH, eager: true })
      const results: Promise<number>[] = []
      for (let item = 0; item < 1_000; item++) results.push(batcher.add(item))
      await Promise.all(results)
    }
  },
}
printTable('One of 1,000 adds, in batches of 100', await measure(adds, { rounds: 101, times: 10_000 }))
await compareCpu('CPU of 1,000 adds', 1, 20, thousands(adds))

const items = {
  'p-map': async (times: number) => {
    await pMap(numbers(times), same, { concurrency: CONCURRENCY })
  },
  'p-map: pMapIterable': async (times: number) => {
    for await (const _ of pMapIterable(numbers(times), same, { concurrency: CONCURRENCY }));
  },
  'harbor: for await of runBulk': async (times: number) => {
    for await (const _ of runBulk(numbers(times), same, { concurrency: CONCURRENCY }));
  },
  'harbor: summary': async (times: number) => {
    await runBulk(numbers(times), same, { concurrency: CONCURRENCY }).summary
  },
  "harbor: order: 'input'": async (times: number) => {
    for await (const _ of runBulk(numbers(times), same, { concurrency: CONCURRENCY, order: 'input' }));
  },
  'harbor: ids of your own': async (times: number) => {
    const options = { concurrency: CONCURRENCY, id: (item: number) => `item-${item}` }
    for await (const _ of runBulk(numbers(times), same, options));
  },
  'p-limit': async (times: number) => {
    const limit = pLimit(CONCURRENCY)
    const results: Promise<number>[] = []
    for await (const item of numbers(times)) results.push(limit(same, item))
    await Promise.all(results)
  },
  'p-queue': async (times: number) => {
    const queue = new PQueue({ concurrency: CONCURRENCY })
    const results: Promise<number>[] = []
    for await (const item of numbers(times)) results.push(queue.add(() => same(item)))
    await Promise.all(results)
  },
}
const atOnce = `${CONCURRENCY} at once, of a function that answers at once`
printTable(`One item, ${atOnce}`, await measure(items, { rounds: 31, times: 5_000 }))
await compareCpu(`CPU of 1,000 items, ${atOnce}`, 1, 20, thousands(items))

// By itself: it takes a thousand times as long.
printTable(
  'The same, fewer times',
  await measure(
    {
      'harbor: for await of runBulk': async (times) => {
        for await (const _ of runBulk(numbers(times), same, { concurrency: CONCURRENCY }));
      },
      bottleneck: async (times) => {
        const limiter = new Bottleneck({ maxConcurrent: CONCURRENCY })
        const results: Promise<number>[] = []
        for await (const item of numbers(times)) results.push(limiter.schedule(same, item))
        await Promise.all(results)
      },
    },
    { rounds: 3, times: 50 },
  ),
)

const folder = mkdtempSync(join(tmpdir(), 'harbor-bench-'))
const answer = { role: 'assistant', content: 'An answer of about two hundred characters. '.repeat(5) }

console.log(`\nA bulk run of 20,000 items with a journal, ${CONCURRENCY} at once: µs an item, median of 5`)
let journals = 0
for (const durability of ['group', 'os', 'each'] as const) {
  const items = durability === 'each' ? 2_000 : 20_000
  await timeJournal(`durability: '${durability}'`, items, { durability })
}

async function timeJournal(name: string, items: number, options: JournalOptions): Promise<void> {
  const took: number[] = []
  for (let round = 0; round < 5; round++) {
    const path = join(folder, `${++journals}.jsonl`)
    const journal = await openJournal(path, options)
    const begun = performance.now()
    await runBulk(numbers(items), async () => answer, { concurrency: CONCURRENCY, journal }).summary
    took.push(((performance.now() - begun) * 1_000) / items)
    rmSync(path)
  }
  console.log(name.padEnd(30), (took.toSorted((a, b) => a - b)[2] ?? NaN).toFixed(1).padStart(8))
}

/** Programs of their own, bundled: a process that runs TypeScript as it is begins with 45 MB more. */
const MILLION = {
  'a loop and nothing else': `let next = 0
    const worker = async () => { while (next < N) await same(next++) }
    await Promise.all(Array.from({ length: 64 }, worker))`,
  'harbor: runBulk': `for await (const _ of runBulk(numbers(N), same, { concurrency: 64 }));`,
  'harbor: runBulk, ids of your own': `for await (const _ of runBulk(numbers(N), same, { concurrency: 64, id: (item) => 'item-' + item }));`,
  'p-map: pMapIterable': `for await (const _ of pMapIterable(numbers(N), same, { concurrency: 64 }));`,
  'p-map': `await pMap(numbers(N), same, { concurrency: 64 })`,
  'p-limit': `const limit = pLimit(64); const all = []
    for await (const item of numbers(N)) all.push(limit(same, item))
    await Promise.all(all)`,
  'p-queue': `const queue = new PQueue({ concurrency: 64 }); const all = []
    for await (const item of numbers(N)) all.push(queue.add(() => same(item)))
    await Promise.all(all)`,
}

console.log('\n1,000,000 items in a process of their own          µs an item     most MB')
for (const [name, code] of Object.entries(MILLION)) {
  const file = join(folder, 'million.mjs')
  const { outputFiles } = await build({
    stdin: {
      contents: `import { runBulk } from '@harbor/batch'
        import pMap, { pMapIterable } from 'p-map'
        import pLimit from 'p-limit'
        import PQueue from 'p-queue'
        const N = 1_000_000
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
  const { stdout } = await promisify(execFile)(process.execPath, [file])
  const [microseconds = NaN, megabytes = NaN] = stdout.split(' ').map(Number)
  console.log(name.padEnd(48), microseconds.toFixed(2).padStart(12), megabytes.toFixed(0).padStart(11))
}
rmSync(folder, { recursive: true })

await printBundleSizes(
  "export { runBulk } from '@harbor/batch'",
  "export * from '@harbor/batch'",
  "export { createBatcher } from '@harbor/batch'",
  "export { default } from 'dataloader'",
  "export { default } from 'p-map'",
  "export { default } from 'p-queue'",
)
