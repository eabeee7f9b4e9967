import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Exports, published, root } from '../src/workspace.ts'

const names = [
  'ai-sdk',
  'batch',
  'breaker',
  'bullmq',
  'cache',
  'core',
  'devtools',
  'fallback',
  'otel',
  'pool',
  'redis',
  'retry',
  'simulator',
]
const licence = readFileSync(join(root, 'LICENSE'), 'utf8')

it('publishes exactly the seven packages and their companions', () => {
  expect(published().map(({ manifest }) => manifest.name)).toEqual(names.map((name) => `@harbor/${name}`))
})

describe.each(published())('$folder', ({ folder, path, manifest }) => {
  it('agrees with the others on what is common', () => {
    expect(manifest).toMatchObject({
      license: 'MIT',
      type: 'module',
      sideEffects: false,
      files: ['dist'],
      engines: { node: '>=22.19' },
      bugs: 'https://github.com/harbor-llm/harbor/issues',
      homepage: `https://github.com/harbor-llm/harbor/tree/main/${folder}#readme`,
      repository: { type: 'git', url: 'git+https://github.com/harbor-llm/harbor.git', directory: folder },
      publishConfig: { access: 'public' },
      scripts: {
        build: 'tsup',
        test: 'vitest run',
      },
    })
    expect(manifest.description).toMatch(/\.$/)
  })

  it('offers its sources to the workspace and its build to everything outside', () => {
    const { exports = {}, publishConfig } = manifest
    const outsideExports: Exports = publishConfig?.exports ?? {}
    expect(Object.keys(outsideExports)).toEqual(Object.keys(exports))
    for (const [entry, inside] of Object.entries(exports)) {
      const outside = outsideExports[entry]
      if (typeof inside === 'string') {
        expect(outside).toBe(inside)
        continue
      }
      const { '@harbor/source': source, ...built } = inside
      expect(Object.keys(inside)).toEqual(['@harbor/source', 'types', 'default'])
      expect(source).toMatch(/^\.\/src\/.*\.ts$/)
      const name = source?.slice('./src/'.length, -'.ts'.length) ?? ''
      expect(built).toEqual({ types: `./dist/${name}.d.ts`, default: `./dist/${name}.js` })
      expect(outside).toEqual(built)
    }
  })

  it('carries the licence', () => {
    expect(readFileSync(join(path, 'LICENSE'), 'utf8')).toBe(licence)
  })

  it('lets its own packages move within their range', () => {
    const own = Object.entries(manifest.dependencies ?? {}).filter(([name]) => name.startsWith('@harbor/'))
    for (const [, range] of own) expect(range).toBe('workspace:^')
  })
})
