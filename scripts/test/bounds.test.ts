import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { root } from '../src/workspace.ts'

const rows = readFileSync(join(root, 'docs', 'bounds.md'), 'utf8')
  .split('\n')
  .flatMap((line) => {
    const cells = line.split('|').map((cell) => cell.trim())
    const [, file = '', constant = ''] = /^`(packages\/\S+)` `(\w+)`$/.exec(cells.at(-2) ?? '') ?? []
    return file === '' ? [] : [{ what: cells[1] ?? '', bound: cells[2] ?? '', file, constant }]
  })

it('docs/bounds.md lists bounds', () => {
  expect(rows.length).toBeGreaterThan(20)
})

it.each(rows)('docs/bounds.md gives the bound of the source: $what', ({ bound, file, constant }) => {
  const source = readFileSync(join(root, file), 'utf8')
  const [, expression = ''] = new RegExp(`\\b${constant}(?: =|:) (\\d[\\d_* ]*|/.+)`).exec(source) ?? []
  expect(numberOf(bound)).toBe(valueOf(expression))
})

/** `64 MiB`, `1,000 entries`, `250 ms`. */
function numberOf(bound: string): number {
  const [amount = '', unit = ''] = bound.split(' ')
  const factor = { KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 }[unit] ?? 1
  return Number(amount.replaceAll(',', '')) * factor
}

/** A product of whole numbers, or the length that a pattern ends with: `{1,64}$/`. */
function valueOf(expression: string): number {
  const [, length] = /\{1,(\d+)\}\$\/$/.exec(expression) ?? []
  if (length !== undefined) return Number(length)
  return expression
    .replaceAll('_', '')
    .split('*')
    .map((factor) => Number(factor.trim()))
    .reduce((product, factor) => product * factor, 1)
}
