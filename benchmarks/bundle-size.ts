import { basename } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { figures, judged, tableOf, type Table } from './table.ts'

interface BundleSize {
  /** Bytes. */
  minified: number
  /** Bytes, minified and compressed. */
  gzipped: number
  /** The source files and their minified bytes, the largest first. */
  modules: (readonly [file: string, minified: number])[]
}

/** The size of a bundle with one import. */
async function bundleSize(statement: string, external: string[] = []): Promise<BundleSize> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: statement, resolveDir: import.meta.dirname },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node22',
    conditions: ['@harbor/source'],
    external,
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

/** The imports that a package is measured by, with those of other libraries; `wanted` is the goal in compressed bytes. */
export interface Imports {
  statements: readonly string[]
  wanted?: Readonly<Record<string, number>>
}

export const IMPORTS = {
  retry: {
    statements: [
      "export { retry } from '@harbor/retry'",
      "export { classify } from '@harbor/retry'",
      "export * from '@harbor/retry'",
      "export { retry, ExponentialBackoff, handleAll } from 'cockatiel'",
      "export { default } from 'p-retry'",
    ],
    wanted: { "export { retry } from '@harbor/retry'": 2_000 },
  },
  breaker: {
    statements: [
      "export { CircuitBreaker } from '@harbor/breaker'",
      "export { CircuitBreaker, timeWindow } from '@harbor/breaker'",
      "export * from '@harbor/breaker'",
      "export { circuitBreaker, SamplingBreaker, handleAll } from 'cockatiel'",
      "export { default } from 'opossum'",
    ],
    wanted: { "export { CircuitBreaker } from '@harbor/breaker'": 2_500 },
  },
  fallback: {
    statements: [
      "export { fallback } from '@harbor/fallback'",
      "export { FallbackChain } from '@harbor/fallback'",
      "export * from '@harbor/fallback'",
      "export { fallback, handleAll } from 'cockatiel'",
    ],
    wanted: { "export { fallback } from '@harbor/fallback'": 2_000 },
  },
  batch: {
    statements: [
      "export { runBulk } from '@harbor/batch'",
      "export { createBatcher } from '@harbor/batch'",
      "export { createRateLimiter } from '@harbor/batch'",
      "export * from '@harbor/batch'",
      "export { default } from 'dataloader'",
      "export { default } from 'p-map'",
      "export { default } from 'p-queue'",
      "export { default } from 'bottleneck'",
    ],
  },
  cache: {
    statements: [
      "export { createCache } from '@harbor/cache'",
      "export * from '@harbor/cache'",
      "export { requestKey } from '@harbor/cache'",
      "export { LRUCache } from 'lru-cache'",
      "export { BentoCache, bentostore } from 'bentocache'; export { memoryDriver } from 'bentocache/drivers/memory'",
      "export { Cacheable } from 'cacheable'",
    ],
  },
  pool: {
    statements: ["export { createPool } from '@harbor/pool'", "export { request, Agent } from 'undici'"],
  },
  core: {
    statements: [
      "export { Harbor } from '@harbor/core'",
      "export { createHarborFetch } from '@harbor/core'",
      "export { default } from 'openai'",
      "export { createOpenAI } from '@ai-sdk/openai'; export { generateText, streamText } from 'ai'",
      "export { ChatOpenAI } from '@langchain/openai'",
    ],
  },
} satisfies Record<string, Imports>

/** The sizes of imports, as a table. Also prints which source files the bytes of the first import come from. */
export async function sizeTable({ statements, wanted = {} }: Imports): Promise<Table> {
  const sizes = await Promise.all(statements.map((statement) => bundleSize(statement)))
  printModules(statements[0], sizes[0])
  const table = tableOf({
    'bytes in a bundle': statements.map((statement) => `\`${statement.replaceAll('export', 'import')}\``),
    goal: figures(
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
  return judged(
    table,
    { wanted: 'goal', got: 'minified and compressed', unit: 'bytes', digits: 0 },
    (name) => `in a bundle: ${name}`,
  )
}

/** How many bytes of each package are shared parts, which every package bundles (`packages/parts`). */
export async function partsTable(): Promise<Table> {
  const names = ['retry', 'breaker', 'fallback', 'batch', 'cache', 'pool']
  const elsewhere = ['undici', 'lru-cache']
  const sizes = await Promise.all(
    names.map(async (name) => {
      const statement = `export * from '@harbor/${name}'`
      const whole = await bundleSize(statement, elsewhere)
      const without = await bundleSize(statement, [...elsewhere, '@harbor/parts'])
      return { whole: whole.gzipped, parts: whole.gzipped - without.gzipped }
    }),
  )
  return tableOf({
    'bytes without other dependencies': names.map((name) => `\`@harbor/${name}\``),
    'minified and compressed': figures(
      0,
      sizes.map(({ whole }) => whole),
    ),
    'of these, shared parts': figures(
      0,
      sizes.map(({ parts }) => parts),
    ),
    'share, %': figures(
      1,
      sizes.map(({ whole, parts }) => (100 * parts) / whole),
    ),
  })
}

function printModules(statement: string | undefined, size: BundleSize | undefined): void {
  console.log(`\n${statement}, bytes minified by source file`)
  for (const [file, minified] of size?.modules ?? []) {
    if (minified > 0) console.log(`${file.padEnd(71)} ${String(minified).padStart(5)}`)
  }
}
