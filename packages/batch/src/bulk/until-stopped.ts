import type { RunSignals } from './run-signals.ts'
import type { Tally } from './tally.ts'

type Retry = <T>(operation: () => Promise<T>, options: { signal: AbortSignal }) => Promise<T>

/**
 * Makes the attempts of an item by the user's `retry`. A stop ends its waits between attempts, and lets an attempt that is in flight come to its
 * end; an abort ends both.
 */
export async function retryUntilStopped<T>(
  retry: Retry,
  attempt: () => Promise<T>,
  { signals, tally }: { readonly signals: RunSignals; readonly tally: Tally },
): Promise<T> {
  const { whole, stopping } = signals
  const controller = new AbortController()
  let state: 'in flight' | 'waiting' | 'over' = 'in flight'
  const enter = (next: typeof state): void => {
    if (state === 'waiting') tally.waitingForRetry--
    if (next === 'waiting') tally.waitingForRetry++
    state = next
  }
  const onStop = (): void => {
    if (state === 'waiting') controller.abort(stopping.reason)
  }
  const onAbort = (): void => controller.abort(whole.reason)
  whole.addEventListener('abort', onAbort)
  stopping.addEventListener('abort', onStop)
  try {
    return await retry(
      async () => {
        // A loop that does not heed its signal must not call for a run that is over.
        stopping.throwIfAborted()
        enter('in flight')
        try {
          return await attempt()
        } catch (error) {
          enter('waiting')
          // An error that ends the item does so before the next turn, and is its result.
          if (stopping.aborted) setTimeout(onStop)
          throw error
        }
      },
      { signal: controller.signal },
    )
  } finally {
    enter('over')
    whole.removeEventListener('abort', onAbort)
    stopping.removeEventListener('abort', onStop)
  }
}
