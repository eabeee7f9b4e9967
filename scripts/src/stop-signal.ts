/** Aborts when the user or the system asks this process to end, so that what it started can be put away first. */
export function stopSignal(): AbortSignal {
  const controller = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(name, () => {
      process.exitCode = 130
      controller.abort(new Error(`stopped by ${name}`))
    })
  }
  return controller.signal
}
