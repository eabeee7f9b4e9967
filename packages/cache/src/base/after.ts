/**
 * Does this after so many milliseconds, unless it is stopped before. It does not keep the process alive.
 *
 * @returns what stops it
 */
export function after(ms: number, task: () => void): () => void {
  const timer = setTimeout(task, ms)
  // Where a timer is a number, as in browsers, nothing need be done.
  ;(timer as { unref?: () => void }).unref?.()
  return () => clearTimeout(timer)
}
