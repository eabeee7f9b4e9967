import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { isObject } from './answers/prompt.ts'
import { startSimulator, type SimulatorOptions } from './simulator.ts'

const help = `Simulates OpenAI-compatible providers on this machine, with the faults of a script.

Usage: pnpm simulator [--port 8080] [--script outage.json] [--seed 1]

  --port    The first provider's port; the others take the ports after it. 0 takes free ones. (8080)
  --script  A JSON file: { "seed": 1, "providers": { "primary": { "rules": […] }, "backup": {} } }
            (one provider, 'openai', whose answers are all good)
  --seed    What all chance follows from. (1)
  --help    This text.

What is said here wins over the file.

Rules and faults are described in packages/simulator/README.md; examples/outage.json is a script.
`

/** What the user can put right by reading one line. */
class UsageError extends Error {}

try {
  await run(process.argv.slice(2))
} catch (error) {
  // A stack trace helps only with what is not the user's.
  console.error(`simulator: ${describe(error)}`)
  process.exitCode = 1
}

async function run(args: string[]): Promise<void> {
  const { port, script, seed, help: wantsHelp } = readArguments(args)
  if (wantsHelp) {
    process.stdout.write(help)
    return
  }
  const simulator = await startSimulator({
    port: 8080,
    ...(script !== undefined && readScript(script)),
    ...(seed !== undefined && { seed: toNumber('--seed', seed) }),
    ...(port !== undefined && { port: toNumber('--port', port) }),
  }).catch((error: unknown) => {
    throw error instanceof TypeError && script !== undefined
      ? new UsageError(`${script}: ${error.message}`)
      : error
  })
  const width = Math.max(...[...simulator.providers.keys()].map((name) => name.length))
  for (const provider of simulator.providers.values()) {
    console.log(`${provider.name.padEnd(width)}  ${provider.baseURL}`)
  }

  // Once: a second signal ends the process the hard way.
  process.once('SIGINT', stop).once('SIGTERM', stop)
  function stop() {
    void simulator.close()
    for (const provider of simulator.providers.values()) {
      const { calls, aborts } = provider.counts()
      console.log(`${provider.name.padEnd(width)}  ${calls} calls, ${aborts} aborted by the client`)
    }
  }
}

function readArguments(args: string[]) {
  try {
    const { values } = parseArgs({
      // `pnpm simulator -- --port 1` hands the dashes on.
      args: args[0] === '--' ? args.slice(1) : args,
      options: {
        port: { type: 'string' },
        script: { type: 'string' },
        seed: { type: 'string' },
        help: { type: 'boolean' },
      },
    })
    return values
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}\nTry --help.`)
  }
}

function readScript(path: string): SimulatorOptions {
  let text, script: unknown
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new UsageError(
      `cannot read the script ${path}: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
  try {
    script = JSON.parse(text)
  } catch (error) {
    throw new UsageError(`${path} is not JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
  if (!isObject(script)) throw new UsageError(`${path} must hold an object: { "providers": { … } }`)
  // startSimulator checks every field.
  return script
}

function toNumber(option: string, value: string): number {
  if (!/^\d+$/.test(value)) throw new UsageError(`${option} must be a whole number, got '${value}'`)
  return Number(value)
}

function describe(error: unknown): string {
  if (error instanceof UsageError || error instanceof TypeError) return error.message
  if (error instanceof Error && 'code' in error) {
    if (error.code === 'EADDRINUSE')
      return `a port is taken: ${error.message}\nChoose another one with --port.`
    return error.message
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
