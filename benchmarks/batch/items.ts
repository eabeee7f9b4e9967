import { runBulk } from '@harbor/batch'
import Bottleneck from 'bottleneck'
import pLimit from 'p-limit'
import pMap, { pMapIterable } from 'p-map'
import PQueue from 'p-queue'
import { measure, type Measurement, type Subject } from '../measure.ts'

export const CONCURRENCY = 64
const same = async <T>(value: T): Promise<T> => value

export async function* numbers(count: number): AsyncGenerator<number> {
  for (let item = 0; item < count; item++) yield item
}

const viaPMap: Subject = async (times) => {
  await pMap(numbers(times), same, { concurrency: CONCURRENCY })
}

/** Items of an asynchronous source, a number at once, with a function that returns at once. */
const ITEMS = {
  'p-map': viaPMap,
  'p-map: `pMapIterable`': async (times) => {
    for await (const _ of pMapIterable(numbers(times), same, { concurrency: CONCURRENCY }));
  },
  'harbor: `for await` of `runBulk`': async (times) => {
    for await (const _ of runBulk(numbers(times), same, { concurrency: CONCURRENCY }));
  },
  'harbor: `summary` alone': async (times) => {
    await runBulk(numbers(times), same, { concurrency: CONCURRENCY }).summary
  },
  "harbor: `order: 'input'`": async (times) => {
    for await (const _ of runBulk(numbers(times), same, { concurrency: CONCURRENCY, order: 'input' }));
  },
  'harbor: your own ids': async (times) => {
    const options = { concurrency: CONCURRENCY, id: (item: number) => `item-${item}` }
    for await (const _ of runBulk(numbers(times), same, options));
  },
  'p-limit': async (times) => {
    const limit = pLimit(CONCURRENCY)
    const results: Promise<number>[] = []
    for await (const item of numbers(times)) results.push(limit(same, item))
    await Promise.all(results)
  },
  'p-queue': async (times) => {
    const queue = new PQueue({ concurrency: CONCURRENCY })
    const results: Promise<number>[] = []
    for await (const item of numbers(times)) results.push(queue.add(() => same(item)))
    await Promise.all(results)
  },
} satisfies Record<string, Subject>

/** Measured separately and fewer times, since it takes a thousand times as long. */
const SLOW = {
  'p-map': viaPMap,
  Bottleneck: async (times) => {
    const limiter = new Bottleneck({ maxConcurrent: CONCURRENCY })
    const results: Promise<number>[] = []
    for await (const item of numbers(times)) results.push(limiter.schedule(same, item))
    await Promise.all(results)
  },
} satisfies Record<string, Subject>

/** The time per item, compared with p-map. */
export async function measureItems(): Promise<Record<string, Measurement>> {
  const items = await measure(ITEMS, { rounds: 31, times: 5_000 })
  const { Bottleneck } = await measure(SLOW, { rounds: 5, times: 50 })
  return { ...items, Bottleneck }
}
