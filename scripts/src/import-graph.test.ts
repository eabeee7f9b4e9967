import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { importCycles, importGraph, upwardImports } from './import-graph.ts'
import { temporaryFolder } from './temporary-folder.ts'

const graph = (imports: Record<string, string[]>) => new Map(Object.entries(imports))

describe('the graph of imports', () => {
  it('counts types, exports, several lines and late imports, and leaves tests out', () => {
    using temporary = temporaryFolder('imports')
    const folder = temporary.path
    const write = (file: string, text: string) => {
      mkdirSync(dirname(join(folder, file)), { recursive: true })
      writeFileSync(join(folder, file), text)
    }
    write(
      'a.ts',
      "import type { B } from './b/b.ts'\nexport { c } from './c.ts'\nimport {\n  d,\n} from './d.ts'\n",
    )
    write('b/b.ts', "const c = await import('../c.ts')\nimport 'node:fs'\n")
    write('a.test.ts', "import './a.ts'")
    expect([...importGraph(folder)].sort()).toEqual([
      ['a.ts', ['b/b.ts', 'c.ts', 'd.ts']],
      ['b/b.ts', ['c.ts']],
    ])
  })
})

describe('import cycles', () => {
  it('are found whatever their length, each once', () => {
    const cycles = importCycles(
      graph({ a: ['b'], b: ['c'], c: ['a', 'd'], d: ['e'], e: ['d'], f: ['a'], g: [] }),
    )
    expect(cycles.sort()).toEqual([
      ['a', 'b', 'c'],
      ['d', 'e'],
    ])
  })

  it('are not seen where two files import a third', () => {
    expect(importCycles(graph({ a: ['c'], b: ['c'], c: [] }))).toEqual([])
  })
})

describe('imports of a higher layer', () => {
  const layers = ['low', 'high', '.']

  it('are named with both files', () => {
    const imports = graph({
      'low/a.ts': ['high/b.ts'],
      'high/b.ts': ['low/a.ts', 'high/c.ts'],
      'index.ts': ['high/b.ts'],
    })
    expect(upwardImports(imports, layers)).toEqual(['low/a.ts imports high/b.ts'])
  })

  it('include imports of a folder that has no place among the layers', () => {
    expect(upwardImports(graph({ 'high/a.ts': ['new/b.ts'] }), layers)).toEqual([
      'high/a.ts imports new/b.ts',
    ])
  })
})
