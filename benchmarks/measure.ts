import { figures, judged, median, tableOf, type Table } from './table.ts'

/** A measured function, which does its work `times` times. */
export type Subject = (times: number) => Promise<unknown>

export interface Measurement {
  /** Nanoseconds per call: the median of all rounds. */
  ns: number
  /** That median divided by the median of the first subject. */
  ratio: number
  /** Bytes allocated per call. */
  bytes: number
}

/**
 * Measures subjects alternately in many short rounds, so that other load on the machine affects all of them alike. The first is the
 * baseline. Trust the ratios; the nanoseconds depend on the machine and the day. Needs `node --expose-gc`.
 */
export async function measure<Name extends string>(
  subjects: Record<Name, Subject>,
  { rounds = 101, times = 10_000 }: { rounds?: number; times?: number } = {},
): Promise<Record<Name, Measurement>> {
  const entries = Object.entries(subjects) as [Name, Subject][]
  const seen = new Map<Name, number[]>(entries.map(([name]) => [name, []]))
  // Twice, since the later subjects may deoptimise code that was compiled for the first.
  for (const [, subject] of [...entries, ...entries]) await subject(10 * times)
  // No explicit garbage collection here: it discards compiled code, at the cost of the next subject.
  for (let round = 0; round < rounds; round++) {
    for (const [name, subject] of entries) seen.get(name)?.push(await timeOf(subject, times))
  }

  const medians = entries.map(([name]) => median(seen.get(name) ?? []))
  const measurements: [Name, Measurement][] = []
  for (const [index, [name, subject]] of entries.entries()) {
    const ns = medians[index] ?? NaN
    measurements.push([name, { ns, ratio: ns / (medians[0] ?? NaN), bytes: await bytesOf(subject) }])
  }
  return Object.fromEntries(measurements) as Record<Name, Measurement>
}

async function timeOf(subject: Subject, times: number): Promise<number> {
  const start = process.hrtime.bigint()
  await subject(times)
  return Number(process.hrtime.bigint() - start) / times
}

/** Few enough calls that no garbage collection happens between the two readings, except the explicit one. */
async function bytesOf(subject: Subject, times = 1_000): Promise<number> {
  if (!globalThis.gc) throw new Error('run with node --expose-gc')
  const readings: number[] = []
  for (let reading = 0; reading < 5; reading++) {
    globalThis.gc()
    const before = process.memoryUsage().heapUsed
    await subject(times)
    readings.push((process.memoryUsage().heapUsed - before) / times)
  }
  return median(readings)
}

/** A table of measurements of one kind of call; `wanted` are the goals for the ratios. */
export function measurementTable<Name extends string>(
  kind: string,
  measurements: Record<Name, Measurement>,
  wanted: { readonly [Some in Name]?: number } = {},
): Table {
  const entries = Object.entries(measurements) as [Name, Measurement][]
  const table = tableOf({
    [kind]: entries.map(([name]) => name),
    goal: figures(
      1,
      entries.map(([name]) => wanted[name]),
    ),
    ratio: figures(
      1,
      entries.map(([, { ratio }]) => ratio),
    ),
    ns: figures(
      0,
      entries.map(([, { ns }]) => ns),
    ),
    'bytes allocated': figures(
      0,
      entries.map(([, { bytes }]) => bytes),
    ),
  })
  const [[yardstick] = ['']] = entries
  return judged(
    table,
    { wanted: 'goal', got: 'ratio', unit: '×', digits: 2 },
    (name) => `${kind}: ${name}, vs. ${yardstick}`,
  )
}
