/** Calls a listener. If it throws or rejects, a warning is emitted, because a listener never changes a result. */
export function notify<Event>(
  listener: ((event: Event) => void | PromiseLike<void>) | undefined,
  event: Event,
): void {
  if (!listener) return
  const call = async (): Promise<void> => listener(event)
  call().catch(() => warn('A listener of a fallback model threw an error.'))
}

/** Emits a warning of the process, if the runtime has warnings. */
export function warn(text: string): void {
  const { process } = globalThis as { process?: { emitWarning?: (text: string, type: string) => void } }
  process?.emitWarning?.(text, 'HarborWarning')
}

/** Returns a function that does its work at the first call only. */
export function once(work: () => void): () => void {
  let isDone = false
  return () => {
    if (!isDone) work()
    isDone = true
  }
}
