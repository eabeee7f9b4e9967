/** What Ctrl-C does, once and again. */
export interface InterruptHandlers {
  first(): void
  second(): void
}

/** Ctrl-C and SIGTERM alike. @returns what stops listening: then they end the process, as usual */
export function onInterrupts(handlers: InterruptHandlers): () => void {
  let interrupts = 0
  const listener = (): void => {
    interrupts++
    if (interrupts === 1) handlers.first()
    else if (interrupts === 2) handlers.second()
  }
  process.on('SIGINT', listener).on('SIGTERM', listener)
  return () => void process.off('SIGINT', listener).off('SIGTERM', listener)
}
