#!/usr/bin/env node
import { help, startFromArguments, UsageError } from './command.ts'
import type { Simulator } from './simulator.ts'

try {
  const simulator = await startFromArguments(process.argv.slice(2))
  if (simulator === undefined) process.stdout.write(help)
  else serve(simulator)
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  console.error(`simulator: ${error.message}`)
  process.exitCode = 1
}

function serve(simulator: Simulator): void {
  const width = Math.max(...[...simulator.providers.keys()].map((name) => name.length))
  for (const provider of simulator.providers.values()) {
    console.log(`${provider.name.padEnd(width)}  ${provider.baseURL}`)
  }

  function stop() {
    void simulator.close()
    for (const provider of simulator.providers.values()) {
      const { calls, aborts } = provider.counts()
      console.log(`${provider.name.padEnd(width)}  ${calls} calls, ${aborts} aborted by the client`)
    }
  }
  // Only once: a second signal ends the process at once.
  process.once('SIGINT', stop).once('SIGTERM', stop)
}
