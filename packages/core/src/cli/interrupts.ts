/** The actions for the first and the second Ctrl-C. */
export interface InterruptHandlers {
  first(): void
  second(): void
}

/** Ctrl-C, SIGTERM, and SIGHUP when the terminal is closed. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Handles all signals that ask a process to end.
 * @returns a function that removes the handlers: after that, these signals end the process as usual
 */
export function onInterrupts(handlers: InterruptHandlers): () => void {
  let interrupts = 0
  const listener = (): void => {
    interrupts++
    if (interrupts === 1) handlers.first()
    else if (interrupts === 2) handlers.second()
  }
  for (const signal of SIGNALS) process.on(signal, listener)
  return () => {
    for (const signal of SIGNALS) process.off(signal, listener)
  }
}
