import { runBulk, type BulkRun, type BulkSource, type Journal } from '@harbor/batch'
import { warnOnce } from '../redis/warn-once.ts'
import { Coordinator } from './coordinator.ts'
import { fleetJournal } from './fleet-journal.ts'
import { checkLocation, checkWindow, DEFAULT_WINDOW, type FleetBulkOptions } from './options.ts'

/**
 * Runs the items of a source on workers, which `startFleetWorker` starts in any number of processes and machines. This process, the coordinator, reads
 * the source and writes the journal.
 *
 * ```ts
 * const run = runFleetBulk(requests, { queue: 'answers', connection: 'redis://localhost', journal: 'answers.jsonl', id: ({ custom_id }) => custom_id })
 * for await (const result of run) console.log(result.id, result.ok ? result.value : result.error)
 * ```
 *
 * The run has the contract of `runBulk`: each id gets exactly one result. An item is run again when its worker dies, so it may be called more than
 * once. If the coordinator dies, workers finish what is queued; start it again with the same journal, and it uses these results.
 *
 * @param source the items; workers get them as JSON
 * @returns a run that starts when it is iterated or its `summary` is read. Besides the errors of `runBulk`, it ends with QueueInUseError while another
 * run uses the queue, and with QueueUnavailableError if Redis does not answer when it begins. Later, it waits for Redis
 * @throws TypeError for an option that does not exist, makes no sense or would have no effect
 */
export function runFleetBulk<Item, Result>(
  source: BulkSource<Item>,
  options: FleetBulkOptions<Item>,
): BulkRun<Result> {
  const { queue, connection, prefix = 'harbor', journal, concurrency = DEFAULT_WINDOW, ...rest } = options
  checkLocation(options)
  checkWindow(options)
  const coordinator = new Coordinator(
    { queue, connection, prefix },
    {
      stop: (error) => run.stop(error),
      abort: (error) => run.abort(error),
      onError: warnOnce('the coordinator of a bulk run'),
    },
  )
  const run = runBulk<Item, Result>(
    source,
    async (item, context) => (await coordinator.call(item, context)) as Result,
    {
      ...rest,
      concurrency,
      journal: isJournalOrPath(journal) ? fleetJournal(journal, coordinator) : journal,
    },
  )
  return {
    get summary() {
      return run.summary
    },
    progress() {
      const progress = run.progress()
      // No request of an item in the queue is at the provider.
      const waiting = Math.min(progress.inFlight, progress.waiting + coordinator.queued)
      return { ...progress, waiting }
    },
    pause() {
      run.pause()
      void coordinator.pause()
    },
    resume() {
      run.resume()
      void coordinator.resume()
    },
    stop: (...given) => run.stop(...given),
    abort: (...given) => run.abort(...given),
    [Symbol.asyncIterator]: () => run[Symbol.asyncIterator](),
  }
}

/** Other values are refused by `runBulk` itself. */
function isJournalOrPath(value: Partial<Journal> | string): value is Journal | string {
  if (typeof value === 'string') return value !== ''
  return [value.begin, value.append, value.close].every((method) => typeof method === 'function')
}
