import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { pnpmVersion } from '../src/pnpm.ts'
import { readManifest, root } from '../src/workspace.ts'

const scripts = readManifest(join(root, 'package.json')).scripts ?? {}
const documents = ['README.md', 'CONTRIBUTING.md']

it.each(documents)('%s names only commands that exist', (document) => {
  const text = readFileSync(join(root, document), 'utf8')
  const named = [...text.matchAll(/(?:`|npx --yes )pnpm(?:@[\d.]+)? (?:run )?([a-z][\w:-]*)/g)].map(
    ([, name]) => name ?? '',
  )
  expect(named.length).toBeGreaterThan(0)
  const builtIn = ['install', 'exec', 'add']
  expect(named.filter((name) => !(name in scripts) && !builtIn.includes(name))).toEqual([])
})

const workflows = ['ci', 'openai-latest', 'release'].map((name) => `.github/workflows/${name}.yml`)

it.each([...documents, '.ci/run', ...workflows])(
  '%s names the pnpm of package.json and no other',
  (document) => {
    const versions = [...readFileSync(join(root, document), 'utf8').matchAll(/pnpm@([\w.]+)/g)].map(
      ([, version]) => version,
    )
    expect(new Set(versions)).toEqual(new Set([pnpmVersion()]))
  },
)

it('leads every script to a file that exists', () => {
  const files = Object.values(scripts).flatMap(
    (script) => script.match(/\b(?:scripts|examples|packages)\/[\w/.-]+\.ts\b/g) ?? [],
  )
  expect(files.length).toBeGreaterThan(5)
  expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([])
})

it('runs on the Node that the workspace brings along', () => {
  const { devDependencies } = readManifest(join(root, 'package.json'))
  expect(process.versions.node).toBe(devDependencies?.node)
  const settings = readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8')
  expect(/^nodeVersion: (.*)$/m.exec(settings)?.[1]).toBe(devDependencies?.node)
})
