/** `pnpm lint`: lints the whole workspace in one process, with its types in one program. */
import { run } from './src/run.ts'
import { stopSignal } from './src/stop-signal.ts'
import { tool } from './src/tool.ts'
import { root } from './src/workspace.ts'

/** In MiB. The types of all packages take more than Node's default on a machine with little memory. */
const MOST_MEMORY = 6144

using stop = stopSignal()
const [node, eslint] = tool('eslint')
const argv = [`--max-old-space-size=${MOST_MEMORY}`, eslint, '.', '--max-warnings', '0']
const { code } = await run(node, argv, { cwd: root, output: 'inherit', signal: stop.signal })
process.exitCode = code
