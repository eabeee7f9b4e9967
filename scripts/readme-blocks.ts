/**
 * `pnpm readme` type-checks every TypeScript block of the READMEs and of `docs`, and runs those marked `ts run`. With `--write` it also
 * writes what the examples print now under their `<!-- output: … -->`.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { checkReadmeBlocks, readmeBlocks } from './src/readme-blocks.ts'
import { freshOutputs } from './src/example-output.ts'
import { documents, writeSections } from './src/documents.ts'
import { stopSignal } from './src/stop-signal.ts'
import { published, root } from './src/workspace.ts'

using stop = stopSignal()
if (process.argv.includes('--write')) await writeSections(await freshOutputs(stop.signal))

const readmes = ['README.md', 'README.zh-CN.md', ...published().map(({ folder }) => `${folder}/README.md`)]
const missing = readmes.filter((readme) => !existsSync(join(root, readme)))
const blocks = readmes.filter((readme) => !missing.includes(readme)).map((readme) => readmeBlocks(readme))
const others = documents().filter((document) => !readmes.includes(document))

const { checked, run, problems } = await checkReadmeBlocks(
  [...blocks.flat(), ...others.flatMap((document) => readmeBlocks(document))],
  stop.signal,
)
for (const readme of missing) problems.push(`${readme} is missing`)
for (const [first] of blocks) {
  // What a newcomer tries first must work as it stands.
  if (first && !first.runs)
    problems.push(`${first.readme}:${first.line} the first block is not marked \`ts run\``)
}
for (const problem of problems) console.error(problem)
console.log(`${checked} blocks type-checked, ${run} run, ${problems.length} problems`)
process.exitCode = problems.length > 0 ? 1 : 0
