/**
 * `pnpm check`: everything CI asks for. `--done test,demo` names steps that have just been done by themselves,
 * so that they are not done twice.
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { checkSteps } from './src/check-steps.ts'
import { runSteps, writeStepReport } from './src/steps.ts'
import { stopSignal } from './src/stop-signal.ts'
import { root } from './src/workspace.ts'

const { values } = parseArgs({ options: { done: { type: 'string', default: '' } } })
using stop = stopSignal()
const { signal } = stop
const steps = checkSteps(signal)
const doneBefore = values.done.split(',').filter((name) => name !== '')
const unknown = doneBefore.filter((name) => !steps.some((step) => step.name === name))
if (unknown.length > 0) {
  console.error(
    `There is no step ${unknown.join(', ')}. There are: ${steps.map(({ name }) => name).join(', ')}`,
  )
  process.exit(1)
}

const results = await runSteps(steps, {
  doneBefore,
  // Half of the steps take one core, or wait.
  atOnce: 2,
  print: (text) => {
    console.log(text)
  },
  signal,
})
writeStepReport(join(root, '.reports', 'check.json'), results)
const failed = results.filter(({ outcome }) => outcome === 'failed')
console.log(failed.length === 0 ? 'All is well.' : `Failed: ${failed.map(({ name }) => name).join(', ')}`)
if (failed.length > 0 || results.length < steps.length) process.exitCode = 1
