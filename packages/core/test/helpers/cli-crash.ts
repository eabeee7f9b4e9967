import type { SimulatedProvider } from '@harbor/simulator'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { prompts, startHarbor } from './cli-process.ts'

export const CONCURRENCY = 16

/** What became of a command that was killed again and again, and resumed to its end. */
export interface CrashReport {
  /** Times it was killed before it was done. */
  kills: number
  /** Calls beyond one for each prompt. */
  repeated: number
  /** Of the run that was killed, and of one that was not: lines, sorted by id. */
  output: string[]
  expected: string[]
}

/**
 * Runs `harbor bulk` over a number of prompts, killed a number of times at random moments, resumed each time, and
 * finally run to the end.
 */
export async function crashAndResume(
  { folder, provider }: { folder: string; provider: SimulatedProvider },
  items: number,
  times: number,
  random: () => number,
): Promise<CrashReport> {
  const [input, output, whole] = ['prompts', 'answers', 'whole'].map((name) =>
    join(folder, `${name}.jsonl`),
  ) as [string, string, string]
  writeFileSync(
    input,
    prompts(items)
      .map((prompt) => `${JSON.stringify(prompt)}\n`)
      .join(''),
  )
  const command = [
    'bulk',
    input,
    '--model',
    'gpt-4',
    '--price',
    '1000,2000',
    '--concurrency',
    `${CONCURRENCY}`,
  ]
  let kills = 0
  for (let time = 0; !existsSync(output); time++) {
    const { child, ended } = startHarbor([...command, '--out', output, '--resume'], provider)
    const { calls } = provider.counts()
    // By the number of calls, and now and then by time: while it starts, reads its files, or locks its journal.
    const afterCalls = time % 4 === 3 ? Infinity : 1 + Math.floor((random() * items) / times)
    const killer =
      time < times
        ? killAt(() => void child.kill('SIGKILL'), {
            when: () => provider.counts().calls - calls >= afterCalls,
            afterMs: afterCalls === Infinity ? 100 + random() * 700 : Infinity,
          })
        : undefined
    const { code, stderr } = await ended
    clearInterval(killer)
    if (code !== null && code !== 0) throw new Error(`the command failed with ${code}: ${stderr}`)
    if (!existsSync(output)) kills++
  }
  const repeated = provider.counts().calls - items
  const uninterrupted = await startHarbor([...command, '--out', whole], provider).ended
  if (uninterrupted.code !== 0) throw new Error(`the command failed: ${uninterrupted.stderr}`)
  return { kills, repeated, output: linesOf(output), expected: linesOf(whole) }
}

/** Looks so often that what happens within a few calls is met, too. */
function killAt(
  kill: () => void,
  { when, afterMs }: { when: () => boolean; afterMs: number },
): ReturnType<typeof setInterval> {
  const startedAt = performance.now()
  return setInterval(() => {
    if (when() || performance.now() - startedAt >= afterMs) kill()
  }, 1)
}

/** Whole lines, sorted by the id that each begins with. */
function linesOf(path: string): string[] {
  const text = readFileSync(path, 'utf8')
  if (!text.endsWith('\n')) throw new Error(`${path} ends in the middle of a line`)
  return text.split('\n').slice(0, -1).toSorted()
}

export function seeded(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
