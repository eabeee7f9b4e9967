import type { ProviderScript, SimulatedProvider } from '@harbor/simulator'
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { simulate } from './harbor-for.ts'

export const BIN = join(import.meta.dirname, '../../.programs/cli/bin.js')

/** The command as a process of its own. */
export interface CommandProcess {
  readonly child: ChildProcessWithoutNullStreams
  /** What it has printed so far. */
  readonly printed: { stdout: string; stderr: string }
  /** When it has ended. */
  readonly ended: Promise<Ended>
}

export interface Ended {
  /** Null when a signal ended it. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Starts `harbor` with these arguments. A test's end is its end. */
export function startHarbor(
  args: readonly string[],
  { baseURL, cwd, env = {} }: { baseURL?: string; cwd?: string; env?: Record<string, string> } = {},
): CommandProcess {
  const child = spawn(process.execPath, ['--conditions=@harbor/source', BIN, ...args], {
    cwd,
    env: { ...commandEnvironment(baseURL), ...env },
  })
  const printed = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk: Buffer) => (printed.stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (printed.stderr += chunk.toString()))
  const ended = once(child, 'close').then(([code]: (number | null)[]) => ({ code: code ?? null, ...printed }))
  return { child, printed, ended }
}

/** Node keeps there what it has made of sources, by their contents: a command starts in a third of the time. */
const NODE_COMPILE_CACHE = join(tmpdir(), 'harbor-compile-cache')

/** All that a command finds in its environment. It does without the fast path if these tests do. */
export function commandEnvironment(baseURL: string | undefined): NodeJS.ProcessEnv {
  const { PATH, HARBOR_OPENAI_SDK } = process.env
  return { PATH, HARBOR_OPENAI_SDK, NODE_COMPILE_CACHE, OPENAI_API_KEY: 'key', OPENAI_BASE_URL: baseURL }
}

/** One line of the output. */
export interface OutputLine {
  readonly id: string
  readonly custom_id?: string
  readonly line?: number
  readonly response?: unknown
  readonly error?: {
    readonly name: string
    readonly status?: number
    readonly code?: string
    readonly message: string
  }
  readonly target?: string
  readonly usage?: object
  readonly usd?: number
}

export const BULK = ['bulk', 'prompts.jsonl', '--out', 'answers.jsonl', '--model', 'gpt-4'] as const

/** A provider, a folder with requests in it, and the command in that folder. */
export class Bench {
  readonly provider: SimulatedProvider
  readonly folder: string

  private constructor(provider: SimulatedProvider, folder: string) {
    this.provider = provider
    this.folder = folder
  }

  /** @param lines of `prompts.jsonl`; what is no text is written as JSON */
  static async with(lines: readonly unknown[], script: ProviderScript = {}): Promise<Bench> {
    const provider = await simulate({ providers: { openai: script } })
    const folder = mkdtempSync(join(tmpdir(), 'harbor-cli-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const bench = new Bench(provider, folder)
    bench.write('prompts.jsonl', lines)
    return bench
  }

  write(name: string, lines: readonly unknown[]): void {
    const text = lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`)
    writeFileSync(join(this.folder, name), text.join(''))
  }

  path(name: string): string {
    return join(this.folder, name)
  }

  start(...args: string[]): CommandProcess {
    return this.#started(args, {})
  }

  /** The command after a module of `fixtures`. */
  startAfter(fixture: string, ...args: string[]): CommandProcess {
    return this.startAfterWith(fixture, {}, ...args)
  }

  /** The same, with more in its environment. */
  startAfterWith(fixture: string, env: Record<string, string>, ...args: readonly string[]): CommandProcess {
    const NODE_OPTIONS = `--import=${join(import.meta.dirname, '../fixtures', fixture)}`
    return this.#started(args, { ...env, NODE_OPTIONS })
  }

  /** The usual command, with more in its environment. */
  startWith(env: Record<string, string>): CommandProcess {
    return this.#started(BULK, env)
  }

  /** `harbor bulk prompts.jsonl --out answers.jsonl --model gpt-4`, and more. */
  bulk(...more: string[]): CommandProcess {
    return this.start(...BULK, ...more)
  }

  /** The same, with waits of seconds that are a hundred times shorter. */
  hastyBulk(...more: string[]): CommandProcess {
    return this.startAfter('short-waits.ts', ...BULK, ...more)
  }

  text(name = 'answers.jsonl'): string {
    return readFileSync(this.path(name), 'utf8')
  }

  output(name = 'answers.jsonl'): OutputLine[] {
    return this.text(name)
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as OutputLine)
      .toSorted((one, other) => (one.id < other.id ? -1 : 1))
  }

  #started(args: readonly string[], env: Record<string, string>): CommandProcess {
    const started = startHarbor(args, { baseURL: this.provider.baseURL, cwd: this.folder, env })
    onTestFinished(() => void started.child.kill('SIGKILL'))
    return started
  }
}

export const prompts = (count: number): { id: string; prompt: string }[] =>
  Array.from({ length: count }, (_, at) => ({ id: `q-${at}`, prompt: `Question ${at}?` }))

/** Waits for something that another process brings about. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2))
}
