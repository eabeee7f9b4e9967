#!/usr/bin/env node
import { startFromArguments, UsageError } from './command.ts'
import type { Running } from './running.ts'

try {
  const running = await startFromArguments(process.argv.slice(2))
  if (typeof running === 'string') process.stdout.write(running)
  else serve(running)
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  console.error(`simulator: ${error.message}`)
  process.exitCode = 1
}

function serve(running: Running): void {
  // The terminal or the pipe may be gone before the simulator is.
  process.stdout.on('error', () => undefined)
  function stop() {
    for (const line of running.summary()) console.log(line)
    running.close().catch((error: unknown) => {
      const { message, cause } = error as Error
      console.error(`simulator: ${message}${cause instanceof Error ? `: ${cause.message}` : ''}`)
      process.exitCode = 1
    })
  }
  // Only once: a second signal ends the process at once.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, stop)
  // After the signals: a program that has read the greeting may send one at once.
  for (const line of running.greeting) console.log(line)
}
