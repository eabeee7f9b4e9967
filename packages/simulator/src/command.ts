import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { isObject } from './answers/json.ts'
import { startSimulator, type Simulator, type SimulatorOptions } from './simulator.ts'

export const help = `Simulates OpenAI-compatible providers on this machine, with the faults of a script.

Usage: npx @harbor/simulator [--port 8080] [--script outage.json] [--seed 1]

  --port    The first provider's port; the others take the ports after it. 0 takes free ones. (8080)
  --script  A JSON file: { "seed": 1, "providers": { "primary": { "rules": […] }, "backup": {} } }
            (one provider, 'openai', without faults)
  --seed    The seed of all random numbers. (1)
  --help    This text.

These options override the file. Rules and faults are described at
https://github.com/harbor-llm/harbor/blob/main/docs/simulator.md
`

/** A mistake that the user can correct after reading the message. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/**
 * Starts a simulator with the options of the command line.
 *
 * @returns undefined for `--help`
 * @throws UsageError for a mistake in the arguments or the script, and for a port that is taken
 */
export async function startFromArguments(args: readonly string[]): Promise<Simulator | undefined> {
  const { port, script, seed, help: wantsHelp } = readArguments(args)
  if (wantsHelp) return undefined
  const options: SimulatorOptions = {
    port: 8080,
    ...(script !== undefined && readScript(script)),
    ...(seed !== undefined && { seed: wholeNumber('--seed', seed) }),
    ...(port !== undefined && { port: wholeNumber('--port', port) }),
  }
  try {
    return await startSimulator(options)
  } catch (error) {
    if (error instanceof TypeError)
      throw new UsageError(script ? `${script}: ${error.message}` : error.message)
    throw new UsageError(`cannot listen: ${messageOf(error)}\nChoose another port with --port.`, {
      cause: error,
    })
  }
}

function readArguments(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      // `pnpm simulator -- --port 1` passes the dashes on.
      args: args[0] === '--' ? args.slice(1) : [...args],
      options: {
        port: { type: 'string' },
        script: { type: 'string' },
        seed: { type: 'string' },
        help: { type: 'boolean' },
      },
    })
    return values
  } catch (error) {
    throw new UsageError(`${messageOf(error)}\nTry --help.`)
  }
}

function readScript(path: string): SimulatorOptions {
  let text, script: unknown
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new UsageError(`cannot read the script ${path}: ${messageOf(error)}`)
  }
  try {
    script = JSON.parse(text)
  } catch (error) {
    throw new UsageError(`${path} is not JSON: ${messageOf(error)}`)
  }
  if (!isObject(script)) throw new UsageError(`${path} must hold an object: { "providers": { … } }`)
  // startSimulator checks every field.
  return script
}

function wholeNumber(option: string, value: string): number {
  if (!/^\d+$/.test(value)) throw new UsageError(`${option} must be a whole number, got '${value}'`)
  return Number(value)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
