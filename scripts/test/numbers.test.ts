import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { drawPlots } from '../../benchmarks/plots/draw-plots.ts'
import { documents, readDocument } from '../src/documents.ts'
import { exampleOf } from '../src/example-output.ts'
import { findNamed, listNamed } from '../src/named-file.ts'
import { keptReports, sectionsOf } from '../src/reports.ts'
import { root } from '../src/workspace.ts'
import { writtenSections } from '../src/written-sections.ts'

const reports = keptReports()
const kept = sectionsOf(reports)

describe.each(documents())('%s', (document) => {
  const text = readDocument(document)
  const sections = writtenSections(text)

  it('states only what a bench publishes or an example prints', () => {
    for (const { kind, name } of sections) {
      if (kind === 'output') expect(exampleOf(name)).toMatch(/\.ts$/)
      else if (kind === 'bench') expect(publishedBy(name.split(' ')[0] ?? '')).toContain(name)
      else expect(kept.map((section) => section.name)).toContain(name)
    }
  })

  it('states what the kept run of a bench has found, as it was found', () => {
    for (const { kind, name, text } of sections) {
      const found = kept.find((section) => section.kind === kind && section.name === name)
      if (found) expect(laidOut(text)).toBe(laidOut(found.text))
    }
  })

  it('states each thing once', () => {
    const names = sections.map(({ kind, name }) => `${kind} ${name}`)
    expect(names).toEqual([...new Set(names)])
  })

  // Its numbers are compared with the source: see bounds.test.ts.
  it.skipIf(document === 'docs/bounds.md')('has no table of numbers typed by hand', () => {
    const typed = sections.reduce((rest, section) => rest.replace(section.text, ''), text)
    const measured = tablesOf(typed).filter(isMeasured)
    expect(measured.map(([, , row = []]) => row.join(' | '))).toEqual([])
  })
})

it('has the latest of all that a bench publishes in the README of the benchmarks', () => {
  const stated = writtenSections(readDocument('benchmarks/README.md')).map(({ name }) => name)
  const published = listNamed('benchmarks', '.bench.ts').flatMap((bench) => publishedBy(bench))
  expect(published.length).toBeGreaterThan(0)
  expect(published.filter((name) => !stated.includes(name))).toEqual([])
})

it('draws its plots of the kept runs', () => {
  const plots = drawPlots(reports)
  for (const [file, svg] of Object.entries(plots))
    expect(readFileSync(join(root, 'benchmarks', 'plots', file), 'utf8')).toBe(svg)
  const readme = readDocument('benchmarks/README.md')
  for (const file of globSync('*.svg', { cwd: join(root, 'benchmarks', 'plots') })) {
    expect(Object.keys(plots)).toContain(file)
    expect(readme).toContain(`(plots/${file})`)
  }
})

it('keeps runs of benches that exist, of whole scenarios, and what they publish now', () => {
  for (const { bench, command, sections } of reports) {
    expect(command).toBe(`pnpm bench ${bench}`)
    expect(sections.map(({ name }) => name).toSorted()).toEqual(publishedBy(bench).toSorted())
  }
})

/** Without what a formatter makes of tables. */
const laidOut = (markdown: string): string => markdown.replaceAll(/-{2,}/g, '---').replaceAll(/ +/g, ' ')

/** The names under which a bench publishes, as they stand in its source. */
function publishedBy(bench: string): string[] {
  const source = readFileSync(findNamed('benchmarks', '.bench.ts', bench), 'utf8')
  return [...source.matchAll(/\bpublish\(\s*'([^']+)'/g)].map(([, name]) => name ?? '')
}

type Row = readonly string[]

function tablesOf(markdown: string): Row[][] {
  return [...markdown.matchAll(/(?:^\|.*\|\n?)+/gm)].map(([table]) =>
    table
      .trim()
      .split('\n')
      .map((row) =>
        row
          .slice(1, -1)
          .split('|')
          .map((cell) => cell.trim()),
      ),
  )
}

/** A table of numbers has a column of nothing else; options and their defaults stand in backticks, or among words. */
function isMeasured([head = [], , ...rows]: Row[]): boolean {
  return head.some((_, column) => {
    const cells = rows.map((row) => row[column] ?? '').filter((cell) => cell !== '')
    return cells.length > 0 && cells.every((cell) => /^[*~×< ]*\d/.test(cell))
  })
}
