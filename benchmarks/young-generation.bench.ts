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
import { SCENARIOS, type Scenario } from './young-generation/scenarios.ts'

const ROUNDS = 3
const program = join(import.meta.dirname, 'young-generation', 'run-scenario.ts')

async function promotedBytes(name: string, { flags = [] }: Scenario): Promise<number> {
  const args = ['--expose-gc', '--conditions=@harbor/source', ...flags, program, name]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  return median(JSON.parse(stdout) as number[])
}

const scenarios = Object.entries(SCENARIOS)
const bytes: number[][] = scenarios.map(() => [])
for (let round = 0; round < ROUNDS; round++)
  for (const [at, [name, scenario]] of scenarios.entries())
    bytes[at]?.push(await promotedBytes(name, scenario))

publish(
  'young-generation',
  tableOf({
    'short-lived items of about 1 KB in': scenarios.map(([name]) => name),
    'bytes promoted per item': figures(0, bytes.map(median)),
  }),
)
