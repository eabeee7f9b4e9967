/** `pnpm bench <name>` runs `benchmarks/<name>.bench.ts`; without a name it runs them all, one after the other. */
import { findNamed, listNamed, runSource } from './src/named-file.ts'

const [name, ...args] = process.argv.slice(2)
try {
  for (const chosen of name === undefined ? listNamed('benchmarks', '.bench.ts') : [name]) {
    const code = await runSource(findNamed('benchmarks', '.bench.ts', chosen), args)
    if (code !== 0) process.exitCode = code
  }
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 1
}
