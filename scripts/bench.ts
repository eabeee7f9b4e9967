/**
 * `pnpm bench <name>` runs `benchmarks/<name>.bench.ts`; without a name it runs them all, one after the other. With `--write`
 * it keeps what they publish in the READMEs that state it.
 */
import { findNamed, listNamed, runSource } from './src/named-file.ts'
import { writeSections } from './src/readmes.ts'
import { writtenSections } from './src/written-sections.ts'

const args = process.argv.slice(2)
const name = args[0]?.startsWith('--') === false ? args.shift() : undefined
try {
  for (const chosen of name === undefined ? listNamed('benchmarks', '.bench.ts') : [name]) {
    const { code, output } = await runSource(findNamed('benchmarks', '.bench.ts', chosen), args, 'both')
    if (code !== 0) process.exitCode = code
    else if (args.includes('--write')) {
      for (const { name } of await writeSections(writtenSections(output))) {
        console.error(`No README has <!-- bench: ${name} -->, so that is kept nowhere.`)
      }
    }
  }
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 1
}
