import { bulkSettingsOf, checkSource, type BulkOptions } from './bulk-options.ts'
import type { BulkResult, BulkRun } from './bulk-run.ts'
import { BulkRunner } from './bulk-runner.ts'
import type { RunItem } from './item-call.ts'
import type { BulkSource } from './source.ts'

/**
 * Calls a function for every item of a source, so many at once, in memory that does not depend on how many there are: an item
 * is read when there is a slot for it, and none is begun while results wait for their consumer. With a journal, a run that was
 * interrupted goes on where it was.
 *
 * ```ts
 * const run = runBulk(prompts, ({ text }, { signal }) => ask(text, signal), { id: ({ id }) => id, journal: 'answers.jsonl' })
 * for await (const result of run) console.log(result.id, result.ok ? result.value : result.error)
 * console.log(await run.summary)
 * ```
 *
 * Each id has one result, however often the run is interrupted. A call that was under way when the process died is made again.
 *
 * @param source is read one item after the other, and closed when the run ends before it does
 * @param run what it throws or rejects with is the item's result, not the end of the run
 * @returns a run that begins when it is iterated or its `summary` is asked for
 * @throws TypeError for an option that does not exist, makes no sense or would do nothing
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

/** Sees to it that a run has one who takes its results: a loop, or, if only the summary is asked for, nobody. */
function handleOf<Item, Result>(runner: BulkRunner<Item, Result>): BulkRun<Result> {
  let taker: 'loop' | 'nobody' | undefined
  return {
    get summary() {
      // The code that is running now may begin a loop yet.
      queueMicrotask(() => {
        if (taker) return
        taker = 'nobody'
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
      if (taker) throw new Error(ALREADY_TAKEN[taker])
      taker = 'loop'
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

const ALREADY_TAKEN = {
  loop: 'a run can be iterated once: its results are not kept',
  nobody: 'this run was begun for its summary alone and drops its results: begin the loop first',
}
