/**
 * Runs every package's tests under another Node: `node scripts/test-under.ts /path/to/node`.
 *
 * vitest is started directly, since the commands in `node_modules/.bin` always take the `node` that lies beside them.
 */
import { rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { quietEnv } from './src/quiet.ts'
import { mustRun, run } from './src/run.ts'
import { stopSignal } from './src/stop-signal.ts'
import { countLine, countTests } from './src/test-count.ts'
import { tool } from './src/tool.ts'
import { members, root } from './src/workspace.ts'

const given = process.argv[2]
if (given === undefined) {
  console.error('Which Node? Give the path of its executable: pnpm test:under /path/to/node')
  process.exit(1)
}
const node = resolve(root, given)
using stop = stopSignal()
const { signal } = stop
const version = await mustRun(node, ['--version'], { cwd: root })
console.log(`The suite under Node ${version.trim()} (${given})`)

// Reports of their own: those of `pnpm test` stay what they are.
const report = '.reports/vitest-under.json'
const [, vitest] = tool('vitest')
const tested = members().filter(
  (member) => member.manifest.scripts?.test !== undefined && member.folder !== 'scripts',
)
for (const { path } of tested) {
  if (signal.aborted) break
  rmSync(join(path, report), { force: true })
  const { code } = await run(node, [vitest, 'run'], {
    cwd: path,
    env: { ...quietEnv, HARBOR_TEST_REPORT: report },
    timeoutMs: 600_000,
    output: 'inherit',
    signal,
  })
  if (code !== 0) process.exitCode = 1
}
const count = countTests(tested, report)
for (const problem of count.problems) console.error(problem)
console.log(`${version.trim()}: ${countLine(count)}`)
if (count.failed > 0) process.exitCode = 1
