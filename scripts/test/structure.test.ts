import { globSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { importCycles, importGraph, upwardImports } from '../src/import-graph.ts'
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
