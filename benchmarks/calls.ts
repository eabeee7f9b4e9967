import { figures, inWords, median, tableOf, type Table } from './table.ts'

/** One call of a subject. */
export type Call = () => Promise<unknown>

/** What the calls of one subject took in one round. */
interface Round {
  /** CPU of this process for each call, in microseconds. */
  cpuUs: number
  perSecond: number
}

/** What calls took: of each subject a round for each round of the others. */
export interface Comparison {
  title: string
  rounds: ReadonlyMap<string, readonly Round[]>
  /** How long each single call took, over all rounds, in milliseconds, sorted. */
  tookMs: ReadonlyMap<string, Float64Array>
}

export interface Load {
  title: string
  /** Callers, each of whom makes one call after the other. */
  atOnce: number
  /** Calls of a subject in a round. */
  calls: number
  /** @default 11 */
  rounds?: number
}

/** Awaited like all others: what it takes is the instrument's own part of every figure. */
const FLOOR = 'nothing, awaited'
const nothing: Call = async () => undefined

/**
 * Makes the calls of all subjects in turns, so that whatever else the machine does hits all of them alike; who begins changes from round
 * to round. The first subject is the yardstick. Trust the ratios, which are of figures of one round.
 */
export async function compareCalls(
  { title, atOnce, calls, rounds = 11 }: Load,
  measured: Readonly<Record<string, Call>>,
): Promise<Comparison> {
  const subjects = Object.entries({ ...measured, [FLOOR]: nothing })
  const seen = new Map<string, Round[]>(subjects.map(([name]) => [name, []]))
  const took = new Map<string, number[]>(subjects.map(([name]) => [name, []]))
  for (const [, call] of subjects) await goThrough(call, calls, atOnce, [])
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < subjects.length; turn++) {
      const [name, call] = subjects[(round + turn) % subjects.length] ?? [FLOOR, nothing]
      seen.get(name)?.push(await goThrough(call, calls, atOnce, took.get(name) ?? []))
    }
  }
  const comparison = {
    title,
    rounds: seen,
    tookMs: new Map(Array.from(took, ([name, all]) => [name, Float64Array.from(all).sort()])),
  }
  console.error(`${title}: ${rounds} rounds of ${inWords(calls)} calls`)
  return comparison
}

async function goThrough(call: Call, calls: number, atOnce: number, tookMs: number[]): Promise<Round> {
  let left = calls
  async function worker(): Promise<void> {
    while (left-- > 0) {
      const begunAt = performance.now()
      await call()
      tookMs.push(performance.now() - begunAt)
    }
  }
  const cpu = process.cpuUsage()
  const begunAt = performance.now()
  await Promise.all(Array.from({ length: atOnce }, worker))
  const ms = performance.now() - begunAt
  const { user, system } = process.cpuUsage(cpu)
  return { cpuUs: (user + system) / calls, perSecond: (1_000 * calls) / ms }
}

/** Something of one subject against the same of another, in every round. */
export function ratios(
  { rounds }: Comparison,
  what: keyof Round,
  subject: string,
  yardstick: string,
): readonly number[] {
  const [ours, theirs] = [roundsOf(rounds, subject), roundsOf(rounds, yardstick)]
  return ours.map((round, at) => round[what] / (theirs[at]?.[what] ?? NaN))
}

/** By how many microseconds of CPU a call of one subject is dearer than one of another: the median of all rounds. */
export function addedUs({ rounds }: Comparison, subject: string, yardstick: string): number {
  const theirs = roundsOf(rounds, yardstick)
  return median(roundsOf(rounds, subject).map(({ cpuUs }, at) => cpuUs - (theirs[at]?.cpuUs ?? NaN)))
}

function roundsOf(rounds: Comparison['rounds'], subject: string): readonly Round[] {
  const found = rounds.get(subject)
  if (!found) throw new Error(`There is no subject ${subject}; there are ${[...rounds.keys()].join(', ')}.`)
  return found
}

/** The table of a README: calls a second, CPU, and both beside the first subject; `latency` adds what single calls took. */
export function callTable(comparison: Comparison, { latency = false } = {}): Table {
  const names = [...comparison.rounds.keys()]
  const [yardstick = ''] = names
  const all = [...comparison.rounds.values()]
  const cpu = names.map((name) => ratios(comparison, 'cpuUs', name, yardstick))
  const faster = names.map((name) => ratios(comparison, 'perSecond', name, yardstick))
  const took = [...comparison.tookMs.values()]
  return tableOf({
    [comparison.title]: names,
    'CPU, ratio': figures(2, cpu.map(median)),
    'least to greatest': figures(2, cpu.map(rangeOf)),
    'CPU a call, µs': figures(
      1,
      all.map((rounds) => median(rounds.map(({ cpuUs }) => cpuUs))),
    ),
    'calls a second, ratio': figures(2, faster.map(median)),
    'calls a second': figures(
      0,
      all.map((rounds) => median(rounds.map(({ perSecond }) => perSecond))),
    ),
    ...(latency && {
      'p50, ms': figures(
        2,
        took.map((sorted) => quantile(sorted, 0.5)),
      ),
      'p99, ms': figures(
        2,
        took.map((sorted) => quantile(sorted, 0.99)),
      ),
    }),
  })
}

const rangeOf = (values: readonly number[]): [number, number] => [Math.min(...values), Math.max(...values)]

/** Of sorted values, by the nearest rank. */
export function quantile(sorted: ArrayLike<number>, part: number): number {
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? NaN
}
