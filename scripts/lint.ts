/**
 * Lints the whole workspace: `pnpm lint`. It does so in parts, each in a process of its own: with the types of all packages at once, eslint
 * needs more memory than many machines have. Two parts run at once if there is enough memory for both.
 */
import { freemem } from 'node:os'
import { quietEnv } from './src/quiet.ts'
import { run } from './src/run.ts'
import { stopSignal } from './src/stop-signal.ts'
import { tool } from './src/tool.ts'
import { root } from './src/workspace.ts'

/** The parts. Together they are everything. */
const PARTS = [
  ['packages/core'],
  ['packages', '--ignore-pattern', 'packages/core/**'],
  ['.', '--ignore-pattern', 'packages/**'],
]

/** The most memory that one part may take, in MiB. */
const MOST_MB = 6144

using stop = stopSignal()
const [node, eslint] = tool('eslint')

async function lintNext(parts: Iterator<string[]>): Promise<void> {
  for (let next = parts.next(); !next.done && !stop.signal.aborted; next = parts.next()) {
    const argv = [`--max-old-space-size=${MOST_MB}`, eslint, ...next.value, '--max-warnings', '0']
    const { code, output } = await run(node, argv, { cwd: root, env: quietEnv, signal: stop.signal })
    if (code === 0) continue
    process.stdout.write(output)
    process.exitCode = code
  }
}

const parts = PARTS.values()
const atOnce = freemem() > 2 * MOST_MB * 2 ** 20 ? 2 : 1
await Promise.all(Array.from({ length: atOnce }, () => lintNext(parts)))
