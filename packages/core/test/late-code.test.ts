import { readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'

const ROOT = path.resolve(import.meta.dirname, '..')
const PROTOCOLS = 'src/protocols/'
/** The folders whose protocols are loaded with the package, and those that all protocols share. */
const LOADED = /^(?:openai|shared$|unknown$)/

interface Output {
  readonly entryPoint?: string
  readonly inputs: Readonly<Record<string, unknown>>
  readonly imports: readonly { readonly path: string; readonly kind: string }[]
}

/** The part of the bundler's interface that is used here. The bundler is that of the build. */
interface Bundler {
  build(
    options: object,
  ): Promise<{ readonly metafile: { readonly outputs: Readonly<Record<string, Output>> } }>
}

/** Bundles the package as the build does, without writing it. */
async function bundle(): Promise<Readonly<Record<string, Output>>> {
  const tsup = createRequire(import.meta.url).resolve('tsup')
  const { build } = createRequire(tsup)('esbuild') as Bundler
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: ['src/index.ts'],
    outdir: 'out',
    bundle: true,
    splitting: true,
    write: false,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    metafile: true,
  })
  return metafile.outputs
}

describe('the bundle of the package', () => {
  let outputs: Readonly<Record<string, Output>> = {}
  beforeAll(async () => {
    outputs = await bundle()
  })

  /** The entry and everything that it imports when it is loaded. */
  function loadedOutputs(): string[] {
    const [entry = ''] = Object.keys(outputs).filter((name) => outputs[name]?.entryPoint === 'src/index.ts')
    const loaded = new Set([entry])
    for (const name of loaded)
      for (const { path: imported, kind } of outputs[name]?.imports ?? [])
        if (kind !== 'dynamic-import' && outputs[imported]) loaded.add(imported)
    return [...loaded]
  }

  /** The source files that are loaded with the package. */
  function loadedFiles(): Set<string> {
    return new Set(loadedOutputs().flatMap((name) => Object.keys(outputs[name]?.inputs ?? {})))
  }

  it.each(
    readdirSync(path.join(ROOT, PROTOCOLS), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !LOADED.test(entry.name))
      .map(({ name }) => name),
  )('holds the protocol %s, and does not load it with the package', (name) => {
    const file = `${PROTOCOLS}${name}/protocol.ts`
    expect(Object.values(outputs).flatMap(({ inputs }) => Object.keys(inputs))).toContain(file)
    expect(loadedFiles()).not.toContain(file)
  })

  it('does not load the cache with the package', () => {
    const files = loadedFiles()
    expect(files).toContain('src/layers/cache.ts')
    expect(files).not.toContain('src/layers/cached-calls.ts')
    expect(files).not.toContain('src/cache/semantic-answers.ts')
    expect(files).not.toContain(`${PROTOCOLS}openai-chat/chat-question.ts`)
    const imports = loadedOutputs().flatMap((name) => outputs[name]?.imports ?? [])
    const names = imports.filter(({ kind }) => kind !== 'dynamic-import').map(({ path: name }) => name)
    expect(names).toContain('@harbor/cache/option-checks')
    expect(names).not.toContain('@harbor/cache')
    expect(names).not.toContain('@harbor/cache/semantic')
  })

  it('loads the protocols of OpenAI with the package', () => {
    expect(loadedFiles()).toContain(`${PROTOCOLS}openai-chat/protocol.ts`)
  })
})
