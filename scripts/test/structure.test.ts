import { globSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { importCycles, importGraph, loadedWith, upwardImports } from '../src/import-graph.ts'
import { halvesOfOthers } from '../src/small-files.ts'
import { members, root } from '../src/workspace.ts'

const packages = members().filter(({ folder }) => folder.startsWith('packages/'))
const sourcesOf = (path: string) =>
  globSync('src/**/*.ts', { cwd: path }).filter((file) => !file.endsWith('.test.ts'))
const linesOf = (file: string) => readFileSync(file, 'utf8').split('\n').length - 1

describe.each(packages)('$folder', ({ path }) => {
  it('has no files that import each other in a circle, types included', () => {
    expect(importCycles(importGraph(join(path, 'src')))).toEqual([])
  })

  it('has no source file of more than 300 lines', () => {
    const long = sourcesOf(path).filter((file) => linesOf(join(path, file)) > 300)
    expect(long).toEqual([])
  })
})

/** Files of fewer than 30 lines that one file imports, each with the reason why it is not a part of that file. */
const SMALL_FILES: Readonly<Record<string, string>> = {
  'packages/batch/src/journal/read-journal.ts': 'an entry: its importers are other packages',
  'packages/batch/src/limits/create-shared-rate-limiter.ts': 'an entry: its importers are other packages',
  'packages/core/src/base/node-version.ts':
    'its test runs without the engine, which refuses to load on an older Node',
  'packages/core/src/layers/continuation.ts':
    'each layer of the pipeline has its own file, and the rest of this one loads late',
  'packages/core/src/layers/deadline.ts': 'each layer of the pipeline has its own file',
  'packages/core/src/protocols/gemini-generate/gemini-question.ts':
    'where the question of a request is has its own file in each protocol',
  'packages/devtools/src/http/page-bundle.ts': 'the build replaces it by the bundled page',
  'packages/parts/src/exact-numbers.ts': 'several packages import it, by way of index.ts',
  'packages/parts/src/time.ts': 'every package imports it, by way of index.ts',
  'packages/simulator/src/faults/format-faults.ts': 'each family of faults has its own file',
  'packages/simulator/src/limits/admit.ts':
    'the limits know nothing of calls, and a provider nothing of quotas',
}

describe('a source file of fewer than 30 lines', () => {
  const graph = importGraph(root, [
    'packages/*/src/**/*.ts',
    '{benchmarks,examples}/*.ts',
    'benchmarks/*/*.ts',
  ])

  it('is an error, a type, an entry, imported by two others, or has a reason to be a file', () => {
    const halves = halvesOfOthers(graph, (file) => readFileSync(join(root, file), 'utf8'))
    const sources = halves.filter((file) => file.startsWith('packages/'))
    expect(sources.toSorted()).toEqual(Object.keys(SMALL_FILES))
  })
})

describe('the source files of all packages', () => {
  const lengths = packages
    .flatMap(({ path }) => sourcesOf(path).map((file) => linesOf(join(path, file))))
    .sort((one, other) => one - other)
  const quantile = (part: number) => lengths[Math.floor(part * lengths.length)]

  it('have 50 to 110 lines in the middle, and nine in ten have at most 160', () => {
    expect(quantile(0.5)).toBeGreaterThanOrEqual(50)
    expect(quantile(0.5)).toBeLessThanOrEqual(110)
    expect(quantile(0.9)).toBeLessThanOrEqual(160)
  })
})

describe('the layers of core', () => {
  const core = join(root, 'packages/core/src')
  const text = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8')
  const [, list = ''] = /<!-- layers -->\s*```text\n([\s\S]*?)```/.exec(text) ?? []
  const layers = list
    .split('\n')
    .map((line) => line.trim().split(/\s+/)[0] ?? '')
    .filter((name) => name !== '')

  it('are all listed in ARCHITECTURE.md, and nothing else is', () => {
    const folders = readdirSync(core).filter((name) => statSync(join(core, name)).isDirectory())
    expect(layers.toSorted()).toEqual([...folders, '.'].toSorted())
  })

  it('import only what lies below them', () => {
    expect(upwardImports(importGraph(core), layers)).toEqual([])
  })
})

describe('an import of core', () => {
  const loaded = [...loadedWith(join(root, 'packages/core/src'), 'index.ts')]

  it.each([
    ['bulk runs by deadline', /^bulk\/auto\/(?:auto-run|auto-routes|batch-route|make-plan|plan-bulk|split)/],
    ['the cache', /^layers\/cached-calls/],
    ['continued streams', /^(?:layers\/continued-answer|stream\/(?:continued-stream|splice))/],
    ['the protocols of Anthropic and Gemini', /^protocols\/(?:anthropic|gemini)[^/]*\/protocol\.ts/],
  ])('does not load the code of %s', (_name, late) => {
    expect(loaded.filter((file) => late.test(file))).toEqual([])
  })
})
