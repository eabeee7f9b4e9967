/** `pnpm example <name>` runs `examples/<name>.ts`; without a name it lists them. */
import { findNamed, runSource } from './src/named-file.ts'

const [name, ...args] = process.argv.slice(2)
try {
  const { code } = await runSource(findNamed('examples', '.ts', name, ['sdks']), args)
  process.exitCode = code
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 1
}
