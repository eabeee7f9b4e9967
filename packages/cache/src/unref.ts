/** Lets the process end although this timer runs; where a timer is a number, as in browsers, nothing need be done. */
export function unref(timer: unknown): void {
  ;(timer as { unref?: () => void }).unref?.()
}
