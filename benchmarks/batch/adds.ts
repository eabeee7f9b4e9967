import { createBatcher } from '@harbor/batch'
import DataLoader from 'dataloader'
import type { Subject } from '../measure.ts'

const BATCH = { maxBatchSize: 100 }
const same = async <T>(values: T): Promise<T> => values

/** A thousand adds at once, then all their results. Each subject has its own loop, so that none is called through a pointer. */
export const ADDS = {
  'DataLoader: `load`, cache off': async (times) => {
    for (let done = 0; done < times; done += 1_000) {
      const loader = new DataLoader<number, number>(same, { ...BATCH, cache: false })
      const results: Promise<number>[] = []
      for (let item = 0; item < 1_000; item++) results.push(loader.load(item))
      await Promise.all(results)
    }
  },
  'harbor: `add`': async (times) => {
    for (let done = 0; done < times; done += 1_000) {
      const batcher = createBatcher<number, number>(same, BATCH)
      const results: Promise<number>[] = []
      for (let item = 0; item < 1_000; item++) results.push(batcher.add(item))
      await Promise.all(results)
    }
  },
  'harbor: `add`, `eager`': async (times) => {
    for (let done = 0; done < times; done += 1_000) {
      const batcher = createBatcher<number, number>(same, { ...BATCH, eager: true })
      const results: Promise<number>[] = []
      for (let item = 0; item < 1_000; item++) results.push(batcher.add(item))
      await Promise.all(results)
    }
  },
} satisfies Record<string, Subject>
