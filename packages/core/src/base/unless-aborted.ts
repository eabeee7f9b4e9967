/**
 * Waits for something of the user's own, which may not know the signal of the call.
 * @returns what `work` resolves with; rejects with the signal's reason as soon as it aborts
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
