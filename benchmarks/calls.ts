import { group, startSubject, type Group, type Subject, type Taken } from './subject.ts'
import { figures, inWords, median, tableOf, type Table } from './table.ts'

type Rates = Pick<Taken, 'cpuUs' | 'perSecond'>

/** What calls took: of each subject a round for each round of the others. */
export interface Comparison {
  title: string
  rounds: ReadonlyMap<string, readonly Rates[]>
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
  /**
   * Calls of a subject, 64 at once, before it is measured. Code is compiled while it runs, and the more there is of it, the longer that goes
   * on; what is measured is a process that has run for a while. @default four rounds
   */
  warmUp?: number
}

const FLOOR = 'nothing, awaited'
/**
 * Awaited like all others: what it takes is the instrument's own part of every figure. Its process finds it by its name.
 * @public
 */
export const floor: Group = group(import.meta.filename, 'floor', { [FLOOR]: () => async () => undefined })

/**
 * Has the subjects make their calls in turns, so that whatever else the machine does hits all of them alike; who begins changes from round
 * to round. The first subject is the yardstick. Trust the ratios, which are of figures of one round.
 */
export async function compareCalls(
  { title, atOnce, calls, rounds = 11, warmUp = 4 * calls }: Load,
  measured: Group,
  baseURL: string,
): Promise<Comparison> {
  const subjects = await Promise.all([...processesOf(measured, baseURL), ...processesOf(floor, baseURL)])
  const seen = new Map<string, Taken[]>(subjects.map(([name]) => [name, []]))
  for (const [, subject] of subjects) await subject.run({ calls: warmUp, atOnce: 64 })
  for (let round = 0; round < rounds; round++) {
    const first = round % subjects.length
    for (const [name, subject] of [...subjects.slice(first), ...subjects.slice(0, first)]) {
      seen.get(name)?.push(await subject.run({ calls, atOnce }))
    }
  }
  for (const [, subject] of subjects) subject.close()
  console.error(`${title}: ${rounds} rounds of ${inWords(calls)} calls`)
  return {
    title,
    rounds: seen,
    tookMs: new Map(
      Array.from(seen, ([name, all]) => [
        name,
        Float64Array.from(all.flatMap(({ tookMs }) => [...tookMs])).sort(),
      ]),
    ),
  }
}

function processesOf(measured: Group, baseURL: string): Promise<[name: string, subject: Subject]>[] {
  return Object.keys(measured.subjects).map(async (name): Promise<[string, Subject]> => [
    name,
    await startSubject(measured, name, baseURL),
  ])
}

/** Something of one subject against the same of another, in every round. */
export function ratios(
  { rounds }: Comparison,
  what: keyof Rates,
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

function roundsOf(rounds: Comparison['rounds'], subject: string): readonly Rates[] {
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
