import type { BulkResult, BulkRun, BulkSummary } from '@harbor/batch'

/** What is used by a run, and must be released when it ends. */
export interface TiedParts {
  /** Called when the loop is left, the run is stopped or aborted, or it has ended. May be called more than once. */
  readonly release: (reason?: unknown) => Promise<void>
  /** Returns the number of duplicates that were left out before the run saw them. @default none */
  readonly skipped?: () => number
  /** Returns what the run waits for if its own source has nothing yet, since that is not the source of the caller. */
  readonly waitsFor: () => 'source' | 'batch' | 'slots'
}

/** Connects the end of a run with the end of what it uses. When the run has ended, everything is released, so that the next run can use it. */
export function tiedTo<Result>(
  run: BulkRun<Result>,
  { release, skipped = () => 0, waitsFor }: TiedParts,
): BulkRun<Result> {
  const withSkipped = <Counts extends { skipped: number }>(counts: Counts): Counts => ({
    ...counts,
    skipped: counts.skipped + skipped(),
  })
  let summary: Promise<BulkSummary> | undefined
  return {
    get summary() {
      if (!summary) {
        summary = run.summary.finally(() => release()).then(withSkipped)
        summary.catch(() => undefined) // Most callers use only the loop, which reports the error as well.
      }
      return summary
    },
    progress: () => {
      const counts = run.progress()
      const waitingOn = counts.waitingOn === 'source' ? waitsFor() : counts.waitingOn
      return withSkipped({
        ...counts,
        read: counts.read + skipped(),
        waitingOn,
        // The pace of the results so far says nothing about a batch.
        ...(waitingOn === 'batch' && { etaMs: undefined }),
      })
    },
    pause: () => run.pause(),
    resume: () => run.resume(),
    stop: (error) => {
      run.stop(error)
      void release()
    },
    abort: (reason) => {
      run.abort(reason)
      void release(reason)
    },
    [Symbol.asyncIterator]: (): AsyncIterableIterator<BulkResult<Result>> => {
      const inner = run[Symbol.asyncIterator]()
      const outer: AsyncIterableIterator<BulkResult<Result>> = {
        next: async () => {
          try {
            const step = await inner.next()
            if (step.done) await release()
            return step
          } catch (error) {
            await release()
            throw error
          }
        },
        return: async () => {
          const released = release()
          const step = (await inner.return?.()) ?? { done: true, value: undefined }
          await released
          return step
        },
        [Symbol.asyncIterator]: () => outer,
      }
      return outer
    },
  }
}
