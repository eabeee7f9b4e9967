import { untilAborted } from '@harbor/parts'
import { TOO_LATE, within } from '../base/wait-for.ts'

/**
 * Calls a function of the user, which may hang.
 *
 * @param what the name of the function, for the message of the error
 * @param closed aborts when the cache is closed
 * @throws TimeoutError after `ms` milliseconds; the reason of `closed`. The signal that `work` received aborts in both cases
 */
export async function boundedWork<T>(
  { ms, what, closed }: { readonly ms: number; readonly what: string; readonly closed: AbortSignal },
  work: (signal: AbortSignal) => T | Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  const close = (): void => controller.abort(closed.reason)
  closed.addEventListener('abort', close, { once: true })
  try {
    const result = await within(ms, what, () => untilAborted(closed, async () => work(controller.signal)))
    if (result !== TOO_LATE) return result
    const late = new DOMException(`${what} may take ${ms} ms`, 'TimeoutError')
    controller.abort(late)
    throw late
  } finally {
    closed.removeEventListener('abort', close)
  }
}
