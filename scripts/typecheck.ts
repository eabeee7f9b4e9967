/**
 * `pnpm typecheck`: checks the types of the whole workspace with TypeScript 7, which is several times as fast as 6. TypeScript 6 stays for the tools
 * that need its API: the linter, and the build of the declarations.
 */
import { run } from './src/run.ts'
import { stopSignal } from './src/stop-signal.ts'
import { tool } from './src/tool.ts'
import { root } from './src/workspace.ts'

/** Together they are everything. The page of the devtools runs in browsers, without the globals of Node. */
const PROJECTS = ['tsconfig.all.json', 'packages/devtools/src/page']

using stop = stopSignal()
const [node, tsc] = tool('tsc', 'typescript7')
for (const project of PROJECTS) {
  const { code } = await run(node, [tsc, '-p', project], {
    cwd: root,
    output: 'inherit',
    signal: stop.signal,
  })
  if (code !== 0) process.exitCode = code
}
