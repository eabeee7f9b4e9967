import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { members, root } from '../src/workspace.ts'

const text = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8')

it('ARCHITECTURE.md names only paths that exist', () => {
  const paths = namedPaths(text)
  expect(paths.length).toBeGreaterThan(5)
  expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([])
})

it('ARCHITECTURE.md names only files that exist where it names a file alone', () => {
  const skipped = ['node_modules', 'dist', '.git', '.reports', '.turbo']
  const exclude = (entry: string) => skipped.includes(entry)
  const missing = namedFiles(text).filter(
    (name) => globSync(`**/${name}`, { cwd: root, exclude }).length === 0,
  )
  expect(missing).toEqual([])
})

it('ARCHITECTURE.md names only files that exist below the folder of their heading', () => {
  const [, ...parts] = text.split(/^### `(packages\/[\w-]+\/src)`$/m)
  const missing: string[] = []
  for (let at = 0; at < parts.length; at += 2) {
    const [folder = '', section = ''] = parts.slice(at, at + 2)
    const [own = ''] = section.split(/^## /m)
    const files = quoted(own).filter((name) => name.endsWith('.ts') && !name.startsWith('packages/'))
    expect(files.length).toBeGreaterThan(3)
    missing.push(...files.map((file) => join(folder, file)).filter((file) => !existsSync(join(root, file))))
  }
  expect(parts.length).toBeGreaterThan(10)
  expect(missing).toEqual([])
})

it('ARCHITECTURE.md names every package', () => {
  const folders = members().map(({ folder }) => folder)
  expect(folders.filter((folder) => !text.includes(folder))).toEqual([])
})

/** What stands between backticks and begins like a path from the root: `packages/core/src/verdict.ts`, `examples`. */
function namedPaths(markdown: string): string[] {
  const top = /^(packages|examples|benchmarks|scripts|\.ci|\.github|\.changeset)(\/|$)/
  return quoted(markdown).filter((name) => top.test(name))
}

/** What stands between backticks and is a file's name alone: `verdict.ts`, `turbo.json`. */
function namedFiles(markdown: string): string[] {
  return quoted(markdown).filter((name) => /^[\w.-]+\.(ts|js|json|jsonc|yaml|yml|md)$/.test(name))
}

function quoted(markdown: string): string[] {
  return [...markdown.matchAll(/`([^`\s]+)`/g)].map(([, name]) => name ?? '')
}
