import type { Batcher } from './batcher.ts'
import { MicroBatcher } from './micro-batcher.ts'
import { settingsOf, type BatcherOptions } from './options.ts'
import type { RunBatch } from './run-batch.ts'

/**
 * Creates a batcher, which makes one call for many items. A batch is sent when it is full, or when its oldest item has waited for `maxWaitMs`.
 *
 * ```ts
 * const embed = createBatcher(async (texts: readonly string[], { signal }) => {
 *   const { data } = await openai.embeddings.create({ model, input: [...texts] }, { signal })
 *   return data.map(({ embedding }) => embedding)
 * })
 * const vector = await embed.add('What is a harbor?')
 * ```
 *
 * @param run the function that makes the call. It receives the items of a batch, and must return one result, or one Error, for each item, in the
 * order of the items. The `signal` that it receives aborts when no caller waits for any item of the batch any more. With `bisect`, the halves of a
 * batch have the same `batchId` as the batch.
 * @throws TypeError for an option that does not exist or makes no sense
 */
export function createBatcher<Item, Result>(
  run: RunBatch<Item, Result>,
  options: BatcherOptions<Item> = {},
): Batcher<Item, Result> {
  if (typeof run !== 'function') throw new TypeError(`run must be a function, got ${typeof run}`)
  const batcher = new MicroBatcher(run, settingsOf(options))
  // Closures, so that callers can destructure them from the object.
  return {
    add: (item, addOptions) => batcher.add(item, addOptions),
    flush: () => batcher.flush(),
    close: (mode) => batcher.close(mode),
    stats: () => batcher.stats(),
  }
}
