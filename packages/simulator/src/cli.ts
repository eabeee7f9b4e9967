#!/usr/bin/env node
import { help, startFromArguments, UsageError } from './command.ts'
import type { Running } from './running.ts'

try {
  const running = await startFromArguments(process.argv.slice(2))
  if (running === undefined) process.stdout.write(help)
  else serve(running)
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  console.error(`simulator: ${error.message}`)
  process.exitCode = 1
}

function serve(running: Running): void {
  for (const line of running.greeting) console.log(line)

  function stop() {
    for (const line of running.summary()) console.log(line)
    running.close().catch((error: unknown) => {
      const { message, cause } = error as Error
      console.error(`simulator: ${message}${cause instanceof Error ? `: ${cause.message}` : ''}`)
      process.exitCode = 1
    })
  }
  // Only once: a second signal ends the process at once.
  process.once('SIGINT', stop).once('SIGTERM', stop)
}
