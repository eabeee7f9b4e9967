/** Runs one scenario in a process of its own, and prints what it has measured as JSON. */
import { getHeapSpaceStatistics } from 'node:v8'
import { SCENARIOS } from './scenarios.ts'

const WARM_UP = 20_000
const BLOCKS = 10
const ITEMS = 10_000

const step = SCENARIOS[process.argv[2] ?? '']?.start()
const { gc } = globalThis
if (!step || !gc) throw new Error('run with node --expose-gc, and the name of a scenario')
let number = 1_000_000
async function run(items: number): Promise<void> {
  for (let item = 0; item < items; item++) {
    step?.(number++)
    // Promises settle, as between the calls of a server.
    if (item % 100 === 0) await Promise.resolve()
  }
}

/** What is held outside of the young generation, in bytes. */
const oldBytes = (): number =>
  getHeapSpaceStatistics()
    .filter(({ space_name: name }) => !name.startsWith('new_'))
    .reduce((sum, { space_used_size: used }) => sum + used, 0)

await run(WARM_UP)
const promoted: number[] = []
for (let block = 0; block < BLOCKS; block++) {
  // A full collection makes what is left old, as everything is in a process that has run for a while.
  gc()
  const before = oldBytes()
  await run(ITEMS)
  // What survives two young collections is promoted.
  gc({ type: 'minor' })
  gc({ type: 'minor' })
  promoted.push((oldBytes() - before) / ITEMS)
}
console.log(JSON.stringify(promoted))
