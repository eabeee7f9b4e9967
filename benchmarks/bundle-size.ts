import { basename } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { figures, judged, tableOf, type Table } from './table.ts'

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

/**
 * What imports cost, as the table of a README; `wanted` are the bytes, compressed, that were hoped for. Prints which source files
 * the first one's bytes are of.
 */
export async function sizeTable(
  statements: readonly string[],
  wanted: Readonly<Record<string, number>> = {},
): Promise<Table> {
  const sizes = await Promise.all(statements.map(bundleSize))
  printModules(statements[0], sizes[0])
  const table = tableOf({
    'bytes in a bundle': statements.map((statement) => `\`${statement.replaceAll('export', 'import')}\``),
    wanted: figures(
      0,
      statements.map((statement) => wanted[statement]),
    ),
    'minified and compressed': figures(
      0,
      sizes.map(({ gzipped }) => gzipped),
    ),
    minified: figures(
      0,
      sizes.map(({ minified }) => minified),
    ),
  })
  return judged(table, { wanted: 'wanted', got: 'minified and compressed', unit: 'bytes' })
}

function printModules(statement: string | undefined, size: BundleSize | undefined): void {
  console.log(`\n${statement}, bytes minified by source file`)
  for (const [file, minified] of size?.modules ?? []) {
    if (minified > 0) console.log(`${file.padEnd(71)} ${String(minified).padStart(5)}`)
  }
}
