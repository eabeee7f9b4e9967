import { group, startSubject, type Group, type Subject, type Taken } from './subject.ts'
import { figures, inWords, median, tableOf, type Table } from './table.ts'

type Rates = Pick<Taken, 'cpuUs' | 'perSecond'>

/** The measurements of each subject, round by round. */
export interface Comparison {
  title: string
  rounds: ReadonlyMap<string, readonly Rates[]>
  /** The duration of every call of all rounds, in milliseconds, sorted. */
  tookMs: ReadonlyMap<string, Float64Array>
}

export interface Load {
  title: string
  /** The number of callers, each of which makes one call after the other. */
  atOnce: number
  /** Calls per subject and round. */
  calls: number
  /** @default 11 */
  rounds?: number
  /**
   * Calls per subject, 64 at once, before it is measured, so that its code is compiled. The more code, the longer that takes.
   * @default four rounds
   */
  warmUp?: number
}

const FLOOR = 'awaited no-op'
/**
 * Awaited like all others: it measures the instrument's own part of every number. Its process finds it by its name.
 * @public
 */
export const floor: Group = group(import.meta.filename, 'floor', { [FLOOR]: () => async () => undefined })

/**
 * Runs the subjects alternately, so that other load on the machine affects all of them alike. The order changes from round to round.
 * The first subject is the baseline. Trust the ratios, which compare numbers of the same round.
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

/** The ratio of a value of two subjects, in every round. */
export function ratios(
  { rounds }: Comparison,
  what: keyof Rates,
  subject: string,
  yardstick: string,
): readonly number[] {
  const [ours, theirs] = [roundsOf(rounds, subject), roundsOf(rounds, yardstick)]
  return ours.map((round, at) => round[what] / (theirs[at]?.[what] ?? NaN))
}

/** How many more microseconds of CPU a call of one subject takes than one of another: the median of all rounds. */
export function addedUs({ rounds }: Comparison, subject: string, yardstick: string): number {
  const theirs = roundsOf(rounds, yardstick)
  return median(roundsOf(rounds, subject).map(({ cpuUs }, at) => cpuUs - (theirs[at]?.cpuUs ?? NaN)))
}

function roundsOf(rounds: Comparison['rounds'], subject: string): readonly Rates[] {
  const found = rounds.get(subject)
  if (!found) throw new Error(`There is no subject ${subject}; there are ${[...rounds.keys()].join(', ')}.`)
  return found
}

/** A table: calls per second, CPU, and both compared with the first subject; `latency` adds the duration of single calls. */
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
    'min to max': figures(2, cpu.map(rangeOf)),
    'CPU per call, µs': figures(
      1,
      all.map((rounds) => median(rounds.map(({ cpuUs }) => cpuUs))),
    ),
    'calls per second, ratio': figures(2, faster.map(median)),
    'calls per second': figures(
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

/** A quantile of sorted values, by the nearest rank. */
export function quantile(sorted: ArrayLike<number>, part: number): number {
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? NaN
}
