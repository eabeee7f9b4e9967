/** `turbo` without its telemetry: `node scripts/turbo.ts run test --filter=@harbor/retry`. */
import { quietEnv } from './src/quiet.ts'
import { run } from './src/run.ts'
import { stopSignal } from './src/stop-signal.ts'
import { tool } from './src/tool.ts'
import { root } from './src/workspace.ts'

using stop = stopSignal()
const [node, turbo] = tool('turbo')
const { code } = await run(node, [turbo, ...process.argv.slice(2)], {
  cwd: root,
  env: quietEnv,
  output: 'inherit',
  signal: stop.signal,
})
process.exitCode = code
