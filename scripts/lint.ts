/**
 * Lints the whole workspace: `pnpm lint`. It does so in parts, one after the other, each in a process of its own: with the types of all
 * packages at once, eslint needs more memory than many machines have.
 */
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

using stop = stopSignal()
const [node, eslint] = tool('eslint')
for (const part of PARTS) {
  const argv = ['--max-old-space-size=6144', eslint, ...part, '--max-warnings', '0']
  const { code } = await run(node, argv, { cwd: root, env: quietEnv, output: 'inherit', signal: stop.signal })
  if (code !== 0) process.exitCode = code
  if (stop.signal.aborted) break
}
