/**
 * How much of what passes through a structure is promoted to V8's old generation, where it stays until a full collection. Each pair is a claim
 * of docs/decisions/young-generation.md: the usual way to write it, and the way Harbor does.
 *
 *     pnpm bench young-generation
 */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { publish } from './publish.ts'
import { figures, median, tableOf } from './table.ts'
import { SCENARIOS } from './young-generation/scenarios.ts'

const ROUNDS = 5
const program = join(import.meta.dirname, 'young-generation', 'run-scenario.ts')

async function promotedBytes(name: string): Promise<number> {
  const flags = ['--expose-gc', '--conditions=@harbor/source', program, name]
  const { stdout } = await promisify(execFile)(process.execPath, flags)
  return median(JSON.parse(stdout) as number[])
}

const names = Object.keys(SCENARIOS)
const bytes: number[][] = names.map(() => [])
for (let round = 0; round < ROUNDS; round++)
  for (const [at, name] of names.entries()) bytes[at]?.push(await promotedBytes(name))

publish(
  'young-generation',
  tableOf({
    'short-lived items of about 1 KB in': names,
    'bytes of an item that are promoted': figures(0, bytes.map(median)),
  }),
)
