/** One call of a subject. */
export type Call = () => Promise<unknown>

const ROUNDS = 7

/**
 * Compares the CPU that calls cost this process, and prints it. Takes the subjects in turns, so that whatever else the machine does hits all alike; the first one is
 * the yardstick.
 */
export async function compareCpu(
  title: string,
  atOnce: number,
  calls: number,
  subjects: Record<string, Call>,
): Promise<void> {
  const rounds = new Map(Object.keys(subjects).map((name): [string, number[]] => [name, []]))
  for (const call of Object.values(subjects)) await cpuOf(call, calls, atOnce)
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, call] of Object.entries(subjects))
      rounds.get(name)?.push(await cpuOf(call, calls, atOnce))
  }
  const yardstick = [...rounds.values()][0] ?? []
  console.log(`\n${title}: median of ${ROUNDS} rounds`)
  for (const [name, micros] of rounds) {
    const ratios = micros.map((value, round) => value / (yardstick[round] ?? NaN))
    const range = `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`
    console.log(
      `${name.padEnd(30)}${median(micros).toFixed(0).padStart(7)} µs  × ${median(ratios).toFixed(2)}  (${range})`,
    )
  }
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
