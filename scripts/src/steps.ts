import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

export interface Step {
  name: string
  /** Resolves to its exit code, its output, and a note that is printed even if the step has passed. */
  run: () => Promise<{ code: number; output: string; note?: string | undefined }>
}

export interface StepResult {
  name: string
  outcome: 'passed' | 'failed' | 'done before'
  seconds: number
}

/** Runs every step, also after one has failed: a line for each, and all that a failing one said. */
export async function runSteps(
  steps: readonly Step[],
  options: { doneBefore?: readonly string[]; print: (text: string) => void; signal?: AbortSignal },
): Promise<StepResult[]> {
  const results: StepResult[] = []
  const width = Math.max(...steps.map(({ name }) => name.length))
  const report = (result: StepResult, mark: string, output = '') => {
    results.push(result)
    const time =
      result.outcome === 'done before' ? 'done before' : `${result.seconds.toFixed(1).padStart(6)} s`
    options.print(`${mark} ${result.name.padEnd(width)} ${time}`)
    if (output !== '') options.print(output.trimEnd())
  }
  for (const { name, run } of steps) {
    if (options.signal?.aborted) break
    if (options.doneBefore?.includes(name)) {
      report({ name, outcome: 'done before', seconds: 0 }, '-')
      continue
    }
    const startedAt = performance.now()
    const { code, output, note } = await run().catch((error: unknown) => ({
      code: 1,
      output: String(error),
      note: undefined,
    }))
    const seconds = (performance.now() - startedAt) / 1000
    // A command that was stopped may end with 0, and has not shown anything.
    if (code === 0 && !options.signal?.aborted) report({ name, outcome: 'passed', seconds }, '✓', note)
    else report({ name, outcome: 'failed', seconds }, '✗', output)
  }
  return results
}

/** Keeps the results where a machine can read them. */
export function writeStepReport(file: string, results: readonly StepResult[]): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(
    file,
    JSON.stringify({ passed: results.every(({ outcome }) => outcome !== 'failed'), steps: results }, null, 2),
  )
}
