import { fork } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export const CONCURRENCY = 16

export interface Prompt {
  readonly id: string
  readonly text: string
}

/** Long, and with multi-byte characters, so that a line is likely to be torn inside one. */
export function answerTo({ id, text }: Prompt): { answer: string } {
  return { answer: `${text} 港⚓🚢`.repeat(1 + (Number(id) % 40)) }
}

/** The outcome of a run that was killed again and again, and resumed to its end. */
export interface CrashReport {
  /** Times it was killed before it was done. */
  kills: number
  /** Calls of items whose result the journal held when the process died. */
  needless: number
  /** Calls beyond one for each item. */
  repeated: number
  output: string[]
  expected: string[]
}

/**
 * Runs a worker over a number of prompts, killed a number of times at random moments, resumed each time, and finally
 * run to the end.
 */
export async function crashAndResume(
  folder: string,
  items: number,
  times: number,
  random: () => number,
): Promise<CrashReport> {
  const [prompts, journal, calls, output] = ['prompts', 'journal', 'calls', 'output'].map((name) =>
    join(folder, `${name}.jsonl`),
  ) as [string, string, string, string]
  const all = Array.from({ length: items }, (_, at) => ({ id: String(at), text: `prompt ${at}` }))
  writeFileSync(prompts, all.map((prompt) => JSON.stringify(prompt)).join('\n'))
  writeFileSync(calls, '')
  let kills = 0
  let needless = 0
  for (let time = 0; !existsSync(output); time++) {
    const held = new Set(recordedIn(journal))
    const before = linesOf(calls).length
    const last = time >= times
    // By the number of calls, and now and then by time: while the journal is read, locked, or nothing is called.
    const byTime = time % 4 === 3
    const afterCalls = last || byTime ? 0 : 1 + Math.floor((random() * items) / times)
    await work(
      [prompts, journal, calls, output, String(afterCalls)],
      !last && byTime ? random() * 400 : Infinity,
    )
    if (!existsSync(output)) kills++
    needless += linesOf(calls)
      .slice(before)
      .filter((id) => held.has(id)).length
  }
  return {
    kills,
    needless,
    repeated: linesOf(calls).length - items,
    output: linesOf(output).toSorted(),
    expected: all.map((prompt) => JSON.stringify([prompt.id, answerTo(prompt)])).toSorted(),
  }
}

function work(args: readonly string[], afterMs: number): Promise<void> {
  const child = fork(join(import.meta.dirname, 'fixtures', 'bulk-worker.ts'), args, {
    execArgv: ['--conditions=@harbor/source'],
  })
  const timer = afterMs < Infinity ? setTimeout(() => child.kill('SIGKILL'), afterMs) : undefined
  return new Promise((resolve, reject) => {
    child.once('exit', (code, signal) => {
      clearTimeout(timer)
      if (code === 0 || signal === 'SIGKILL') resolve()
      else reject(new Error(`the worker failed with ${code ?? signal}`))
    })
  })
}

/** The ids whose records are whole, read without the journal's own code. */
function recordedIn(journal: string): string[] {
  if (!existsSync(journal)) return []
  const whole = readFileSync(journal, 'utf8').split('\n').slice(1, -1)
  return whole.map((line) => (JSON.parse(line) as { id: string }).id)
}

function linesOf(path: string): string[] {
  return readFileSync(path, 'utf8').split('\n').filter(Boolean)
}

export function seeded(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
