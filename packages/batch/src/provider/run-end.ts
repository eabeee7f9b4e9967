import type { VendorRun } from './vendor.ts'

/** Asks the provider to cancel batches. A batch that has ended cannot be cancelled, which is no error. */
export async function cancelAll(vendorRun: VendorRun, ids: readonly string[]): Promise<void> {
  await Promise.allSettled(ids.map((id) => vendorRun.cancel(id)))
}

/** Returns an iterator over the results of a run. If the run is aborted between two results, it throws the reason, which the consumer does not know yet. */
export function withAbortReason<Result>(
  results: AsyncGenerator<Result, void, undefined>,
  signal: AbortSignal,
): AsyncIterator<Result, void, undefined> {
  let isReported = false
  return {
    next: async () => {
      const wasAborted = signal.aborted
      try {
        const step = await results.next()
        if (step.done && wasAborted && !isReported) signal.throwIfAborted()
        return step
      } catch (error) {
        isReported = true
        throw error
      }
    },
    return: () => {
      isReported = true
      return results.return()
    },
  }
}
