/**
 * `pnpm bench <name>` runs `benchmarks/<name>.bench.ts`; without a name it runs them all, one after the other. `--json <file>` keeps the
 * figures of one in a file. `--write` keeps them in `benchmarks/results`, and states them anew in every README, table and plot.
 */
import { rmSync } from 'node:fs'
import { findNamed, listNamed, runSource } from './src/named-file.ts'
import { keepReport, reportFile, stateAll } from './src/reports.ts'

const args = process.argv.slice(2)
const name = args[0]?.startsWith('--') === false ? args.shift() : undefined
const asked = args.filter((arg) => arg !== '--write')
const write = asked.length < args.length
try {
  if (name === undefined && asked.includes('--json')) throw new Error('--json is for one bench: name it.')
  for (const chosen of name === undefined ? listNamed('benchmarks', '.bench.ts') : [name]) {
    const file = findNamed('benchmarks', '.bench.ts', chosen)
    const fresh = reportFile(chosen)
    rmSync(fresh, { force: true })
    const { code } = await runSource(file, write ? [...asked, '--json', fresh] : asked)
    if (code !== 0) process.exitCode = code
    else if (write) await keepReport(fresh)
  }
  if (write) {
    for (const { name } of await stateAll())
      console.error(`No README has <!-- bench: ${name} -->, so that is stated nowhere.`)
  }
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 1
}
