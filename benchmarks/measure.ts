import { figures, judged, median, tableOf, type Table } from './table.ts'

/** Something to be measured: does its work `times` times. */
export type Subject = (times: number) => Promise<unknown>

export interface Measurement {
  /** Nanoseconds of one call: the median of all rounds. */
  ns: number
  /** That median against the median of the first subject. */
  ratio: number
  /** Bytes allocated by one call. */
  bytes: number
}

/**
 * Measures subjects in turns, many and short, so that whatever else the machine does hits all of them alike. The first is
 * the yardstick. Trust the ratios; the nanoseconds belong to one machine on one day. Needs `node --expose-gc`.
 */
export async function measure<Name extends string>(
  subjects: Record<Name, Subject>,
  { rounds = 101, times = 10_000 }: { rounds?: number; times?: number } = {},
): Promise<Record<Name, Measurement>> {
  const entries = Object.entries(subjects) as [Name, Subject][]
  const seen = new Map<Name, number[]>(entries.map(([name]) => [name, []]))
  // Twice, as what the later ones call may throw away what was compiled for the first.
  for (const [, subject] of [...entries, ...entries]) await subject(10 * times)
  // No collection by hand in here: it throws compiled code away, and the next subject would pay for it.
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

/** Few enough calls that no collection comes between the two readings, unless it was made by hand. */
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

/** The table of a README, of calls that are all of one kind; `wanted` are the ratios that were hoped for. */
export function measurementTable<Name extends string>(
  kind: string,
  measurements: Record<Name, Measurement>,
  wanted: { readonly [Some in Name]?: number } = {},
): Table {
  const entries = Object.entries(measurements) as [Name, Measurement][]
  const table = tableOf({
    [kind]: entries.map(([name]) => name),
    wanted: figures(
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
    { wanted: 'wanted', got: 'ratio', unit: '×', digits: 2 },
    (name) => `${kind}: ${name}, beside ${yardstick}`,
  )
}
