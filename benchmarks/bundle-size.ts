import { basename } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

interface BundleSize {
  /** Bytes. */
  minified: number
  /** Bytes, minified and compressed. */
  gzipped: number
  /** Which source files they are of, in bytes minified, the largest first. */
  modules: (readonly [file: string, minified: number])[]
}

/** What one import costs in a bundle. */
async function bundleSize(statement: string): Promise<BundleSize> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: statement, resolveDir: import.meta.dirname },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node22',
    conditions: ['@harbor/source'],
    metafile: true,
    write: false,
  })
  const code = outputFiles[0]?.contents ?? new Uint8Array()
  const modules = Object.values(metafile.outputs)
    .flatMap(({ inputs }) => Object.entries(inputs))
    .map(([path, { bytesInOutput }]) => [basename(path, '.ts'), bytesInOutput] as const)
    .sort(([, one], [, other]) => other - one)
  return { minified: code.length, gzipped: gzipSync(code, { level: 9 }).length, modules }
}

/** Prints what imports cost; of the first one also what each source file has in it. */
export async function printBundleSizes(...statements: readonly string[]): Promise<void> {
  const sizes = await Promise.all(statements.map(bundleSize))
  console.log('\nIn a bundle, bytes minified / gzipped')
  for (const [index, { minified, gzipped }] of sizes.entries()) {
    console.log(`${statements[index]?.padEnd(71)} ${minified} / ${gzipped}`)
  }
  const [first] = sizes
  console.log(`\n${statements[0]}, bytes minified by source file`)
  for (const [file, minified] of first?.modules ?? []) {
    if (minified > 0) console.log(`${file.padEnd(71)} ${String(minified).padStart(5)}`)
  }
}
