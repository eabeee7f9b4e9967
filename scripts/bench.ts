/**
 * `pnpm bench <name>` runs `benchmarks/<name>.bench.ts`; without a name it runs them all, one after the other. `--json <file>` keeps the
 * figures of one in a file. `--write` saves them in `benchmarks/results` and writes them into the tables and plots again; `--state` does that
 * with the saved results, and measures nothing.
 */
import { rmSync } from 'node:fs'
import { findNamed, listNamed, runSource } from './src/named-file.ts'
import { keepReport, reportFile, stateAll } from './src/reports.ts'

const args = process.argv.slice(2)
const name = args[0]?.startsWith('--') === false ? args.shift() : undefined
try {
  if (args.includes('--state')) await state()
  else
    for (const bench of name === undefined ? listNamed('benchmarks', '.bench.ts') : [name]) await run(bench)
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 1
}

async function run(bench: string): Promise<void> {
  const asked = args.filter((arg) => arg !== '--write')
  const write = asked.length < args.length
  if (asked.includes('--json') && (write || name === undefined))
    throw new Error('--json <file> is for one bench, and not together with --write.')
  const source = findNamed('benchmarks', '.bench.ts', bench)
  const fresh = reportFile(bench)
  rmSync(fresh, { force: true })
  const { code } = await runSource(source, write ? [...asked, '--json', fresh] : asked)
  if (code !== 0) process.exitCode = code
  else if (write) {
    await keepReport(fresh)
    await state()
  }
}

async function state(): Promise<void> {
  for (const { name } of await stateAll())
    console.error(`No README has <!-- bench: ${name} -->, so that is stated nowhere.`)
}
