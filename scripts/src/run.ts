import { spawn } from 'node:child_process'

export interface RunOptions {
  cwd: string
  env?: NodeJS.ProcessEnv
  /** Ends the command, and whatever it started, when it aborts. */
  signal?: AbortSignal
  /** Ends the command after this long, in milliseconds. @default no limit */
  timeoutMs?: number
  /** Where output goes: kept and returned, straight to our own, or both. @default 'keep' */
  output?: 'keep' | 'inherit' | 'both'
}

export interface Run {
  /** The exit code; 1 when a signal ended it or it could not be started. */
  code: number
  /** Standard output and standard error as they came, empty when inherited. */
  output: string
  durationMs: number
}

/** Runs a command to its end and says how it ended: a failure is a code, never a rejection. */
export function run(command: string, args: readonly string[], options: RunOptions): Promise<Run> {
  const startedAt = performance.now()
  const output: Buffer[] = []
  const { promise, resolve } = Promise.withResolvers<Run>()
  // A group of its own, so that ending it also ends what it started.
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: options.env ?? process.env,
    stdio: [
      'ignore',
      ...(options.output === 'inherit' ? (['inherit', 'inherit'] as const) : (['pipe', 'pipe'] as const)),
    ],
    detached: true,
  })
  const end = () => {
    endGroup(child.pid)
  }
  const timer = options.timeoutMs === undefined ? undefined : setTimeout(end, options.timeoutMs)
  options.signal?.addEventListener('abort', end, { once: true })
  process.once('exit', end)
  if (options.signal?.aborted) end()

  const settle = (code: number) => {
    clearTimeout(timer)
    options.signal?.removeEventListener('abort', end)
    process.removeListener('exit', end)
    resolve({ code, output: Buffer.concat(output).toString(), durationMs: performance.now() - startedAt })
  }
  child.stdout?.on('data', (chunk: Buffer) => output.push(chunk))
  child.stderr?.on('data', (chunk: Buffer) => output.push(chunk))
  if (options.output === 'both') {
    child.stdout?.pipe(process.stdout, { end: false })
    child.stderr?.pipe(process.stderr, { end: false })
  }
  child.once('error', (error) => {
    output.push(Buffer.from(`${command}: ${error.message}\n`))
    settle(1)
  })
  child.once('close', (code) => {
    settle(code ?? 1)
  })
  return promise
}

/** Like `run`, for steps that must succeed: a failure throws with everything the command printed. */
export async function mustRun(
  command: string,
  args: readonly string[],
  options: RunOptions,
): Promise<string> {
  const { code, output } = await run(command, args, options)
  options.signal?.throwIfAborted()
  if (code !== 0)
    throw new Error(`${[command, ...args].join(' ')} ended with code ${code} in ${options.cwd}\n${output}`)
  return output
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGTERM')
  } catch {
    // It had already ended.
  }
}
