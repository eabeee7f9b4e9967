import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

export interface Step {
  name: string
  /** The steps whose work it needs, by name: it starts when they have ended. Names of steps that are not there do not count. */
  after?: readonly string[]
  /** Resolves to its exit code, its output, and a note that is printed even if the step has passed. */
  run: () => Promise<{ code: number; output: string; note?: string | undefined }>
}

export interface StepResult {
  name: string
  outcome: 'passed' | 'failed' | 'done before'
  seconds: number
}

export interface StepOptions {
  doneBefore?: readonly string[]
  /** The most steps that run at once. @default 1 */
  atOnce?: number
  print: (text: string) => void
  signal?: AbortSignal
}

/** Runs every step, also after one has failed: a line for each when it has ended, and all that a failing one said. */
export async function runSteps(steps: readonly Step[], options: StepOptions): Promise<StepResult[]> {
  const { doneBefore = [], atOnce = 1, print, signal } = options
  const results: StepResult[] = []
  const width = Math.max(...steps.map(({ name }) => name.length))
  const report = (result: StepResult, mark: string, output = '') => {
    results.push(result)
    const time =
      result.outcome === 'done before' ? 'done before' : `${result.seconds.toFixed(1).padStart(6)} s`
    print(`${mark} ${result.name.padEnd(width)} ${time}`)
    if (output !== '') print(output.trimEnd())
  }
  const perform = async ({ name, run }: Step) => {
    if (doneBefore.includes(name)) {
      report({ name, outcome: 'done before', seconds: 0 }, '-')
      return
    }
    const startedAt = performance.now()
    const { code, output, note } = await run().catch((error: unknown) => ({
      code: 1,
      output: String(error),
      note: undefined,
    }))
    const seconds = (performance.now() - startedAt) / 1000
    // A command that was stopped may end with 0, and has not shown anything.
    if (code === 0 && !signal?.aborted) report({ name, outcome: 'passed', seconds }, '✓', note)
    else report({ name, outcome: 'failed', seconds }, '✗', output)
  }

  const waiting = [...steps]
  const running = new Map<string, Promise<void>>()
  const unfinished = (name: string) => running.has(name) || waiting.some((step) => step.name === name)
  while (waiting.length > 0 || running.size > 0) {
    const next = waiting.findIndex(({ after = [] }) => !after.some(unfinished))
    const step = running.size < atOnce && !signal?.aborted ? waiting[next] : undefined
    if (step !== undefined) {
      waiting.splice(next, 1)
      const ended = perform(step).finally(() => running.delete(step.name))
      running.set(step.name, ended)
    } else if (running.size > 0) await Promise.race(running.values())
    else if (signal?.aborted) break
    else throw new Error(`These steps wait for each other: ${waiting.map(({ name }) => name).join(', ')}`)
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
