import { interrupt } from './interrupt.ts'
import { letGo } from './outcome.ts'

/**
 * Settles as `work` does, or rejects at once when it is interrupted: by the signal, with its own reason, or after `limitMs`,
 * with what `onLimit` makes. Work that was interrupted may still end: a late rejection is dropped, a late result is let go.
 *
 * @param onInterrupt told the reason of either interruption before the promise rejects with it
 */
export function interruptible<T>(
  work: () => T | PromiseLike<T>,
  signal: AbortSignal | undefined,
  limitMs = Infinity,
  onLimit?: () => unknown,
  onInterrupt?: (reason: unknown) => void,
): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  let open = true
  const end = (reason: unknown): void => {
    open = false
    onInterrupt?.(reason)
    reject(reason)
  }
  const callOff = interrupt(signal, limitMs, end, () => end(onLimit?.()))
  if (signal?.aborted) return promise

  new Promise<T>((started) => started(work())).then(
    (value) => {
      callOff()
      if (open) resolve(value)
      else letGo(value)
    },
    (error: unknown) => {
      callOff()
      reject(error)
    },
  )
  return promise
}
