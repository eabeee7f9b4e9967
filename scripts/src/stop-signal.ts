const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Aborts when the user or the system asks this process to end. Disposed, it listens no more, and a signal ends the process at once. */
export interface StopSignal extends Disposable {
  readonly signal: AbortSignal
}

/** Listens for requests to end this process, so that what it started can be put away first. A second request ends it at once. */
export function stopSignal(): StopSignal {
  const controller = new AbortController()
  const listeners = SIGNALS.map((name) => {
    const stop = (): void => {
      process.exitCode = 130
      controller.abort(new Error(`stopped by ${name}`))
    }
    process.once(name, stop)
    return [name, stop] as const
  })
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      for (const [name, stop] of listeners) process.removeListener(name, stop)
    },
  }
}
