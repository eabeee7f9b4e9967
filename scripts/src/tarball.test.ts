import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { tarballProblems } from './tarball.ts'
import { type TemporaryFolder, temporaryFolder } from './temporary-folder.ts'
import { root } from './workspace.ts'

const manifest = {
  name: '@harbor/x',
  version: '1.0.0',
  exports: {
    '.': { types: './dist/index.d.ts', default: './dist/index.js' },
    './package.json': './package.json',
  },
  dependencies: { '@harbor/y': '^1.0.0' },
}
let folder: TemporaryFolder
beforeEach(() => {
  folder = temporaryFolder('harbor-tarball-')
  cpSync(join(root, 'LICENSE'), join(folder.path, 'LICENSE'))
  put('package.json', JSON.stringify(manifest))
  put('README.md', '# x')
  put('dist/index.js', '')
  put('dist/index.d.ts', '')
})
afterEach(() => {
  folder[Symbol.dispose]()
})

function put(file: string, text: string): void {
  mkdirSync(dirname(join(folder.path, file)), { recursive: true })
  writeFileSync(join(folder.path, file), text)
}

it('has nothing to say about a package that holds what it should', () => {
  expect(tarballProblems(folder.path)).toEqual([])
})

it('misses the README, the licence and what the exports lead to', () => {
  for (const file of ['README.md', 'LICENSE', 'dist/index.d.ts']) rmSync(join(folder.path, file))
  expect(tarballProblems(folder.path)).toEqual([
    'dist/index.d.ts is not in it',
    'README.md is not in it',
    'LICENSE is not in it',
    "LICENSE is not the repository's",
  ])
})

it('refuses a class that the bundler has renamed', () => {
  put('dist/index.js', 'var Harbor = class _Harbor extends OpenAI {}')
  expect(tarballProblems(folder.path)).toEqual(['dist/index.js renames the class Harbor'])
})

it('refuses sources, tests and configuration', () => {
  put('src/index.ts', '')
  put('tsup.config.ts', '')
  expect(tarballProblems(folder.path)).toEqual([
    'src/index.ts does not belong in it',
    'tsup.config.ts does not belong in it',
  ])
})

it('refuses a manifest that only works inside the workspace', () => {
  const exports = { '.': { '@harbor/source': './dist/index.js', default: './dist/index.js' } }
  put('package.json', JSON.stringify({ ...manifest, exports, dependencies: { '@harbor/y': 'workspace:^' } }))
  expect(tarballProblems(folder.path)).toEqual([
    'package.json still offers the sources',
    'package.json still names workspace versions',
  ])
})
