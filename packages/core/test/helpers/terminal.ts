import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { onTestFinished } from 'vitest'
import { BIN, commandEnvironment, type Bench } from './cli-process.ts'

/** Whether there is the `script` of util-linux, which runs a command in a pseudo terminal; that of other systems takes other options. */
export const hasTerminals = spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout.includes(
  'util-linux',
)

/** A command in a terminal. */
export interface TerminalCommand {
  /** All that it has sent to the terminal. */
  readonly sent: () => string
  /** Strikes keys. */
  type(keys: string): void
  /** The exit code. */
  readonly ended: Promise<number>
}

export const CTRL_C = '\u0003'

/** Starts `harbor` in a terminal of this many columns; 0 for one that does not report its width. */
export function startInTerminal(bench: Bench, columns: number, args: readonly string[]): TerminalCommand {
  const command = `stty cols ${columns} rows 24; exec "${process.execPath}" --conditions=@harbor/source "${BIN}" ${args.join(' ')}`
  const child = spawn('script', ['--quiet', '--flush', '--return', '--command', command, '/dev/null'], {
    cwd: bench.folder,
    env: { ...commandEnvironment(bench.provider.baseURL), TERM: 'xterm', SHELL: '/bin/sh' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let sent = ''
  child.stdout.on('data', (chunk: Buffer) => (sent += chunk.toString()))
  return {
    sent: () => sent,
    type: (keys) => void child.stdin.write(keys),
    ended: once(child, 'close').then(([code]) => code as number),
  }
}

/** What a screen shows, and where its cursor is. */
export interface Screen {
  readonly lines: readonly string[]
  readonly column: number
}

/**
 * What a terminal makes of what it is sent, as far as the command asks it for anything.
 * @throws for a control sequence that it does not know
 */
export function screenOf(sent: string, columns: number): Screen {
  const rows: string[][] = [[]]
  let column = 0
  const row = (): string[] => rows.at(-1) ?? []
  // eslint-disable-next-line no-control-regex -- terminals are controlled with it
  for (const [piece] of sent.matchAll(/\r|\n|\u001b\[K|[^\r\n]/gu)) {
    if (piece === '\r') column = 0
    else if (piece === '\n') rows.push([])
    else if (piece === '\u001b[K') row().length = Math.min(row().length, column)
    // eslint-disable-next-line no-control-regex -- neither colours, nor a cursor that is hidden or moved away
    else if (/[\u0000-\u001f\u007f]/.test(piece)) throw new Error(`sent ${JSON.stringify(piece)}`)
    else {
      if (column === columns) {
        rows.push([])
        column = 0
      }
      row()[column++] = piece
    }
  }
  return { lines: rows.map((cells) => cells.join('')), column }
}
