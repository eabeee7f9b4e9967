/**
 * Waits for a promise of the user, which may not react to the call's signal.
 * @returns the value of `work`; rejects with the signal's reason as soon as it aborts
 */
export async function unlessAborted<T>(signal: AbortSignal | undefined, work: Promise<T>): Promise<T> {
  if (!signal) return work
  let leave: (() => void) | undefined
  const aborted = new Promise<never>((_, reject) => {
    leave = () => {
      reject(signal.reason as Error)
    }
    if (signal.aborted) leave()
    else signal.addEventListener('abort', leave)
  })
  try {
    return await Promise.race([aborted, work])
  } finally {
    if (leave) signal.removeEventListener('abort', leave)
  }
}
