import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { exampleOf } from '../src/example-output.ts'
import { findNamed, listNamed } from '../src/named-file.ts'
import { readmes, readReadme } from '../src/readmes.ts'
import { writtenSections } from '../src/written-sections.ts'

describe.each(readmes())('%s', (readme) => {
  const text = readReadme(readme)
  const sections = writtenSections(text)

  it('states only what a bench publishes or an example prints', () => {
    for (const { kind, name } of sections) {
      if (kind === 'output') expect(exampleOf(name)).toMatch(/\.ts$/)
      else expect(publishedBy(name.split(' ')[0] ?? '')).toContain(name)
    }
  })

  it('states each thing once', () => {
    const names = sections.map(({ kind, name }) => `${kind} ${name}`)
    expect(names).toEqual([...new Set(names)])
  })

  it('has no table of numbers that somebody typed', () => {
    const typed = sections.reduce((rest, section) => rest.replace(section.text, ''), text)
    const measured = tablesOf(typed).filter(isMeasured)
    expect(measured.map(([, , row = []]) => row.join(' | '))).toEqual([])
  })
})

it('keeps all that a bench publishes in some README', () => {
  const stated = readmes().flatMap((readme) => writtenSections(readReadme(readme)).map(({ name }) => name))
  const published = listNamed('benchmarks', '.bench.ts').flatMap((bench) => publishedBy(bench))
  expect(published.length).toBeGreaterThan(0)
  expect(published.filter((name) => !stated.includes(name))).toEqual([])
})

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
