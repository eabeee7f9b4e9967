/** Something to be measured: does its work `times` times. */
export type Subject = (times: number) => Promise<unknown>

export interface Measurement {
  /** Nanoseconds of one call: the median of all rounds. */
  ns: number
  /** Against the first subject, measured round by round: the median, the least, the greatest. */
  ratio: { median: number; least: number; greatest: number }
  /** Bytes allocated by one call: the median of all rounds. */
  bytes: number
}

/**
 * Measures subjects in turns, so that whatever else the machine does hits all of them alike. The first one is the
 * yardstick. Trust the ratios; the nanoseconds belong to one machine on one day. Needs `node --expose-gc`.
 */
export async function measure<Name extends string>(
  subjects: Record<Name, Subject>,
  { rounds = 15, times = 50_000 }: { rounds?: number; times?: number } = {},
): Promise<Record<Name, Measurement>> {
  const entries = Object.entries(subjects) as [Name, Subject][]
  const ns = new Map<Name, number[]>(entries.map(([name]) => [name, []]))
  for (const [, subject] of entries) await subject(times)
  // No collection by hand in here: it throws compiled code away, and the next subject would pay for it.
  for (let round = 0; round < rounds; round++) {
    for (const [name, subject] of entries) ns.get(name)?.push(await timeOf(subject, times))
  }

  const yardstick = [...ns.values()][0] ?? []
  const measurements: [Name, Measurement][] = []
  for (const [name, subject] of entries) {
    const own = ns.get(name) ?? []
    const ratios = own.map((value, round) => value / (yardstick[round] ?? NaN))
    const ratio = { median: median(ratios), least: Math.min(...ratios), greatest: Math.max(...ratios) }
    measurements.push([name, { ns: median(own), ratio, bytes: await bytesOf(subject) }])
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

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN
}

export function printTable(title: string, measurements: Record<string, Measurement>): void {
  const rows = Object.entries(measurements).map(([name, { ratio, ns, bytes }]) => [
    name,
    `${ratio.median.toFixed(2)} (${ratio.least.toFixed(2)}–${ratio.greatest.toFixed(2)})`,
    ns.toFixed(0),
    bytes.toFixed(0),
  ])
  const table = [[title, 'ratio (least–greatest)', 'ns', 'bytes'], ...rows]
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? []
  const lines = table.map((row) =>
    row
      .map((cell, column) => (column ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[0] ?? 0)))
      .join('  '),
  )
  console.log(`\n${lines.join('\n')}`)
}
