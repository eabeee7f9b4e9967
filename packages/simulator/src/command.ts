import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { isObject } from './answers/json.ts'
import { type Running, startRecorder, startReplay, startScript } from './running.ts'
import type { SimulatorOptions } from './simulator.ts'

const help = `Simulates providers of large language models on this machine: OpenAI, Anthropic and Gemini, with scripted faults.

Usage: npx @harbor/simulator [--port 8080] [--script outage.json] [--seed 1]
       npx @harbor/simulator --record https://api.openai.com/v1 --to traffic.jsonl
       npx @harbor/simulator --replay traffic.jsonl

  --port     The first provider's port; the others take the ports after it. 0 takes free ones. (8080)
  --script   A JSON file: { "seed": 1, "providers": { "primary": { "rules": […] }, "backup": {} } }
             (one provider, 'openai', without faults). Other options override it.
  --seed     The seed of all random numbers. (1)

  --record   The base URL of a real provider. Requests are forwarded to it and appended to a file.
  --to       The file. Keys are never stored.
  --prompts  keep: stores the text of requests. (redact)
  --answers  keep: stores the text of answers. (redact)

  --replay   A recorded file. Requests that are not in it get a 404 that says what was expected.
  --match    order: plays the recordings in their order, whatever the bodies say. (request)
  --speed    1 plays streams at the recorded pace, 10 ten times as fast. (without waiting)
  --repeat   Plays recordings again after the last one.

  --help     This text. (-h)
  --version  The version of the package.

It runs until Ctrl-C (or SIGTERM, SIGHUP), and then prints how many calls there were.

Scripts and recordings are described at https://github.com/harbor-llm/harbor/blob/main/docs/simulator.md
`

/** A mistake that the user can correct after reading the message. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/**
 * Starts what the command line asks for: simulated providers, a recorder or a replay.
 *
 * @returns a text to print for `--help` and `--version`
 * @throws UsageError for a mistake in the arguments or in a file, and for a port that is taken
 */
export async function startFromArguments(args: readonly string[]): Promise<Running | string> {
  const values = readArguments(args)
  if (values.help) return help
  if (values.version) return `${version()}\n`
  checkTogether(values)
  const port = values.port === undefined ? 8080 : wholeNumber('--port', values.port)
  const { record, to, replay, script } = values
  if (record !== undefined) {
    const { prompts, answers } = values
    const options = { upstream: record, to, port, prompts, answers } as Parameters<typeof startRecorder>[0]
    return explained(startRecorder(options), {})
  }
  if (replay !== undefined) {
    const { match, repeat, speed } = values
    const options = { from: replay, match, repeat, speed: speed === undefined ? speed : Number(speed), port }
    return explained(startReplay(options as Parameters<typeof startReplay>[0]), {})
  }
  const options: SimulatorOptions = {
    port,
    ...(script !== undefined && readScript(script)),
    ...(values.seed !== undefined && { seed: wholeNumber('--seed', values.seed) }),
    ...(values.port !== undefined && { port }),
  }
  return explained(startScript(options), { script })
}

const OPTIONS = {
  port: { type: 'string' },
  script: { type: 'string' },
  seed: { type: 'string' },
  record: { type: 'string' },
  to: { type: 'string' },
  prompts: { type: 'string' },
  answers: { type: 'string' },
  replay: { type: 'string' },
  match: { type: 'string' },
  speed: { type: 'string' },
  repeat: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const

type Values = ReturnType<typeof readArguments>

function readArguments(args: readonly string[]) {
  try {
    // `pnpm simulator -- --port 1` passes the dashes on.
    return parseArgs({ args: args[0] === '--' ? args.slice(1) : [...args], options: OPTIONS }).values
  } catch (error) {
    throw new UsageError(`${messageOf(error)}\nTry --help.`)
  }
}

/** The command-line options of each mode. All modes have `--port`, too. */
const MODES = {
  record: ['to', 'prompts', 'answers'],
  replay: ['match', 'speed', 'repeat'],
  script: ['script', 'seed'],
} as const

function checkTogether(values: Values): void {
  const mode = values.record !== undefined ? 'record' : values.replay !== undefined ? 'replay' : 'script'
  if (values.record !== undefined && values.replay !== undefined) {
    throw new UsageError('--record and --replay exclude each other: first record, then replay the file')
  }
  const [stray] = Object.entries(MODES).flatMap(([other, options]) =>
    other === mode
      ? []
      : options.filter((option) => values[option] !== undefined).map((option) => ({ option, other })),
  )
  if (stray) {
    const wanted = stray.other === 'script' ? `cannot be combined with --${mode}` : `needs --${stray.other}`
    throw new UsageError(`--${stray.option} ${wanted}\nTry --help.`)
  }
  if (mode === 'record' && values.to === undefined) {
    throw new UsageError('--record needs --to with the file for the recording: --to traffic.jsonl')
  }
}

/** Waits for the start. Errors are rethrown with the names of command-line options, which users of the command know. */
async function explained(
  starting: Promise<Running>,
  { script }: { script?: string | undefined },
): Promise<Running> {
  try {
    return await starting
  } catch (error) {
    if (error instanceof TypeError) {
      // `options.speed must be …` is about `--speed`.
      if (script !== undefined) throw new UsageError(`${script}: ${error.message}`)
      throw new UsageError(
        error.message
          .replace('options.upstream', '--record')
          .replace(/^options\.(?=port|prompts|answers|match|speed|seed)/, '--'),
      )
    }
    const { code, path } = error as NodeJS.ErrnoException
    if (path !== undefined) throw new UsageError(`cannot open ${path}: ${code ?? messageOf(error)}`)
    throw new UsageError(`cannot listen: ${messageOf(error)}\nChoose another port with --port.`, {
      cause: error,
    })
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

function version(): string {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}

function wholeNumber(option: string, value: string): number {
  if (!/^\d+$/.test(value)) throw new UsageError(`${option} must be a whole number, got '${value}'`)
  return Number(value)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
