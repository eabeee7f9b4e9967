import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ERROR_TYPES } from '../src/facts/error-type.ts'
import { METRICS, type Definition } from '../src/metrics/definitions.ts'

const root = join(import.meta.dirname, '../../..')
const page = readFileSync(join(root, 'docs/opentelemetry.md'), 'utf8')

/** The rows of the table between two marks, without its head: the cells of each. */
function tableAfter(mark: string): readonly (readonly string[])[] {
  const [, table = ''] = new RegExp(`<!-- ${mark} -->([\\s\\S]*?)<!-- /${mark} -->`).exec(page) ?? []
  const rows = table.split('\n').filter((line) => line.startsWith('|'))
  return rows.slice(2).map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}

const code = (name: string): string => `\`${name}\``

describe('docs/opentelemetry.md', () => {
  it('lists all metrics, with their kinds, units and attributes', () => {
    const metrics: Readonly<Record<string, Definition>> = METRICS
    const rows = Object.entries(metrics).map(([name, { kind, unit, attributes, description }]) => [
      ...[code(name), kind, unit, attributes.map(code).join(' '), description],
    ])
    expect(tableAfter('metrics')).toEqual(rows)
  })

  it('lists all error types', () => {
    const rows = Object.entries(ERROR_TYPES).map(([name, when]) => [code(name), when])
    expect(tableAfter('error types').slice(1)).toEqual(rows)
  })

  it('lists all attributes of spans, and no others', () => {
    const sources = globSync('src/traces/*.ts', { cwd: join(import.meta.dirname, '..') }).map((file) =>
      readFileSync(join(import.meta.dirname, '..', file), 'utf8'),
    )
    const named = sources.flatMap((source) =>
      [...source.matchAll(/'((?:harbor|gen_ai|http|error|server)\.[\w.]+)'/g)].map(([, name = '']) => name),
    )
    // The names of a span and of a key, and names that are put together.
    const others = ['harbor.wait', 'harbor.call']
    const composed = ['cache_write', 'cache_creation'].map((kind) => `gen_ai.usage.${kind}.input_tokens`)
    const listed = (/\| attribute[\s\S]*?\n\n/.exec(page)?.[0] ?? '').matchAll(
      /`((?:harbor|gen_ai|http|error|server)\.[\w.]+)`/g,
    )
    expect(new Set([...listed].map(([, name]) => name))).toEqual(
      new Set([...named.filter((name) => !others.includes(name)), ...composed]),
    )
    expect(page).toContain('harbor.label.<name>')
  })
})
