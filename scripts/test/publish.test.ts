import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { sectionInMarkdown, type Report } from '../../benchmarks/report.ts'
import { mustRun } from '../src/run.ts'
import { temporaryFolder } from '../src/temporary-folder.ts'
import { root } from '../src/workspace.ts'
import { writtenSections } from '../src/written-sections.ts'

const from = (file: string): string => JSON.stringify(join(root, 'benchmarks', file))
const BENCH = `import { publish } from ${from('publish.ts')}
import { figures, tableOf } from ${from('table.ts')}
publish('small', tableOf({ call: ['ours'], ns: figures(1, [12.3456789]) }))
publish('small sizes', [tableOf({ import: ['ours'], bytes: figures(0, [1_234]) })], {
  goals: [{ of: 'bytes', got: 1_234, atMost: 1_000, unit: 'bytes', digits: 0 }],
  series: tableOf({ client: ['ours'], second: figures(0, [1]) }),
})
`

it('a bench prints what its JSON says, and nothing else, whatever else it was asked for', async () => {
  using folder = temporaryFolder('publish-')
  const [bench, json] = [join(folder.path, 'small.bench.ts'), join(folder.path, 'small.json')]
  writeFileSync(bench, BENCH)
  const printed = await mustRun(process.execPath, [bench, '--quick', '--json', json], { cwd: folder.path })

  const report = JSON.parse(readFileSync(json, 'utf8')) as Report
  expect(report).toMatchObject({ bench: 'small', command: 'pnpm bench small --quick' })
  expect(report.sections.map(({ name }) => name)).toEqual(['small', 'small sizes'])
  expect(report.sections[0]?.tables[0]?.rows).toEqual([['ours', 12.3457]])
  expect(report.sections[1]?.series?.rows).toEqual([['ours', 1]])
  expect(writtenSections(printed).map(({ text }) => text)).toEqual(
    report.sections.map((section) => sectionInMarkdown(section, report)),
  )
})

it('a bench that was not asked for JSON keeps none', async () => {
  using folder = temporaryFolder('publish-')
  const bench = join(folder.path, 'small.bench.ts')
  writeFileSync(bench, BENCH)
  const printed = await mustRun(process.execPath, [bench], { cwd: folder.path })
  expect(writtenSections(printed)).toHaveLength(2)
})
