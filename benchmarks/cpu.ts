import { inWords, tableOf } from './publish.ts'

/** One call of a subject. */
export type Call = () => Promise<unknown>

const ROUNDS = 15
const WARM_UPS = 3

/**
 * Compares the CPU that calls cost this process, and prints it too. Takes the subjects in turns, so that whatever else the machine does hits all alike; the first one is
 * the yardstick.
 */
export async function compareCpu(
  title: string,
  atOnce: number,
  calls: number,
  subjects: Record<string, Call>,
): Promise<CpuComparison> {
  const rounds = new Map(Object.keys(subjects).map((name): [string, number[]] => [name, []]))
  // Code that is still being compiled says little of what a call costs in a program that runs for days.
  for (let warmUp = 0; warmUp < WARM_UPS; warmUp++) {
    for (const call of Object.values(subjects)) await cpuOf(call, calls, atOnce)
  }
  for (let round = 0; round < ROUNDS; round++) {
    // Each begins in its turn: whoever follows a wasteful one pays for part of its garbage.
    const entries = Object.entries(subjects)
    entries.unshift(...entries.splice(round % entries.length))
    for (const [name, call] of entries) rounds.get(name)?.push(await cpuOf(call, calls, atOnce))
  }
  const yardstick = [...rounds.values()][0] ?? []
  console.log(`\n${title}: median of ${ROUNDS} rounds`)
  const costs = Array.from(rounds, ([name, micros]) => {
    const ratios = micros.map((value, round) => value / (yardstick[round] ?? NaN))
    const [least, greatest] = [Math.min(...ratios), Math.max(...ratios)]
    return { name, micros: median(micros), ratio: median(ratios), least, greatest }
  })
  for (const { name, micros, ratio, least, greatest } of costs) {
    const range = `${least.toFixed(2)} to ${greatest.toFixed(2)}`
    console.log(`${name.padEnd(30)}${micros.toFixed(0).padStart(7)} µs  × ${ratio.toFixed(2)}  (${range})`)
  }
  return { title, costs }
}

/** What the calls of each subject cost, in microseconds and beside the first one. */
export interface CpuComparison {
  title: string
  costs: readonly { name: string; micros: number; ratio: number; least: number; greatest: number }[]
}

/** The tables of a README. */
export function cpuTables(comparisons: readonly CpuComparison[]): string {
  const tables = comparisons.map(({ title, costs }) =>
    tableOf({
      [title]: costs.map(({ name }) => name),
      ratio: costs.map(({ ratio }) => ratio.toFixed(2)),
      'least to greatest': costs.map(
        ({ least, greatest }) => `${least.toFixed(2)} to ${greatest.toFixed(2)}`,
      ),
      'CPU a call, µs': costs.map(({ micros }) => inWords(micros)),
    }),
  )
  return tables.join('\n\n')
}

/** Microseconds of CPU per call. */
async function cpuOf(call: Call, calls: number, atOnce: number): Promise<number> {
  let left = calls
  const worker = async (): Promise<void> => {
    while (left-- > 0) await call()
  }
  const before = process.cpuUsage()
  await Promise.all(Array.from({ length: atOnce }, worker))
  const { user, system } = process.cpuUsage(before)
  return (user + system) / calls
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN
}
