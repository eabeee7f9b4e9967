import { bulkSettingsOf, checkSource, type BulkOptions } from './bulk-options.ts'
import type { BulkResult, BulkRun } from './bulk-run.ts'
import { BulkRunner } from './bulk-runner.ts'
import type { RunItem } from './item-call.ts'
import type { BulkSource } from './source-reader.ts'

/**
 * Calls a function for every item of a source, with limited concurrency. Memory is bounded: an item is read when there is a slot for it (or earlier,
 * see `readAhead`), and no item starts while too many results wait for the consumer.
 *
 * ```ts
 * const run = runBulk(prompts, ({ text }, { signal }) => ask(text, signal), { id: ({ id }) => id, journal: 'answers.jsonl' })
 * for await (const result of run) console.log(result.id, result.ok ? result.value : result.error)
 * console.log(await run.summary)
 * ```
 *
 * With a journal, an interrupted run can be resumed: the function is not called again for items whose result is stored. A call that was in flight
 * when the process died is made again.
 *
 * @param source the items. They are read one at a time. If the run ends before the last item is read, the source is closed
 * @param run called for each item. If it throws or rejects, the error is the item's result, and the run continues
 * @returns a run that starts when it is iterated or its `summary` is read
 * @throws TypeError for an option that does not exist, makes no sense or would have no effect
 */
export function runBulk<Item, Result>(
  source: BulkSource<Item>,
  run: RunItem<Item, Result>,
  options: BulkOptions<Item> = {},
): BulkRun<Result> {
  checkSource(source)
  if (typeof run !== 'function') throw new TypeError(`run must be a function, got ${typeof run}`)
  return handleOf(new BulkRunner(source, run, bulkSettingsOf(options)))
}

/** Creates the object that `runBulk` returns. A run has at most one consumer: a loop or, if only `summary` is read, none. */
function handleOf<Item, Result>(runner: BulkRunner<Item, Result>): BulkRun<Result> {
  let consumer: 'loop' | 'none' | undefined
  return {
    get summary() {
      // The current code may still start a loop.
      queueMicrotask(() => {
        if (consumer) return
        consumer = 'none'
        runner.drop()
      })
      return runner.summary
    },
    progress: () => runner.progress(),
    pause: () => runner.pause(),
    resume: () => runner.resume(),
    stop: (...given) => runner.stop(given[0] === undefined ? undefined : { error: given[0] }),
    abort: (reason = new Error('the run was aborted')) => runner.abort(reason),
    [Symbol.asyncIterator]: () => {
      if (consumer) throw new Error(ALREADY_CONSUMED[consumer])
      consumer = 'loop'
      const iterator: AsyncIterableIterator<BulkResult<Result>, undefined> = {
        next: () => runner.next(),
        return: async () => {
          await runner.leave()
          return { done: true, value: undefined }
        },
        [Symbol.asyncIterator]: () => iterator,
      }
      return iterator
    },
  }
}

const ALREADY_CONSUMED = {
  loop: 'a run can be iterated once: its results are not kept',
  none: 'this run was started for its summary alone and drops its results: start the loop first',
}
