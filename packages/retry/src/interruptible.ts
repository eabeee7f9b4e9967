import { letGo } from './outcome.ts'
import { LONGEST_TIMER_MS } from './sleep.ts'

/** What may end work before it ends by itself. */
interface Interruptions {
  /** Its abort rejects with its own reason. */
  signal?: AbortSignal | undefined
  /** How long the work may take, in milliseconds; then `onLimit` makes the rejection. */
  limitMs?: number | undefined
  onLimit?: (() => unknown) | undefined
  /** Told the reason of either interruption before the promise rejects with it. */
  onInterrupt?: ((reason: unknown) => void) | undefined
}

/**
 * Settles as `work` does, or rejects at once when it is interrupted. No timer and no listener outlives the promise. Work
 * that was interrupted may still end: a late rejection is dropped, a late result is let go.
 */
export function interruptible<T>(work: () => T | PromiseLike<T>, interruptions: Interruptions): Promise<T> {
  const { signal, limitMs = Infinity, onLimit, onInterrupt } = interruptions
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  let timer: ReturnType<typeof setTimeout> | undefined
  let open = true

  const close = (): void => {
    open = false
    clearTimeout(timer)
    signal?.removeEventListener('abort', abort)
  }
  const interrupt = (reason: unknown): void => {
    close()
    onInterrupt?.(reason)
    reject(reason)
  }
  const abort = (): void => interrupt(signal?.reason)

  if (signal?.aborted) {
    abort()
    return promise
  }
  signal?.addEventListener('abort', abort)
  if (limitMs < Infinity) {
    timer = setTimeout(() => interrupt(onLimit?.()), Math.min(limitMs, LONGEST_TIMER_MS))
  }
  new Promise<T>((started) => started(work())).then(
    (value) => {
      if (open) resolve(value)
      else letGo(value)
      close()
    },
    (error: unknown) => {
      close()
      reject(error)
    },
  )
  return promise
}
