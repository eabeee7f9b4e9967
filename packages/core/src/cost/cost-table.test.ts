import { describe, expect, it } from 'vitest'
import { LabelValues } from '../reporting/label-values.ts'
import type { Labels } from '../reporting/labels.ts'
import { costReport } from './cost-report.ts'
import { CostTable } from './cost-table.ts'

const newTable = (): CostTable => new CostTable(new LabelValues())

function count(table: CostTable, calls: number, of: (n: number) => readonly [string, Labels]): void {
  for (let n = 0; n < calls; n++) table.cellOf(...of(n)).calls++
}

const callsBy = (table: CostTable, ...by: string[]): Record<string, number> =>
  Object.fromEntries(costReport(table, { by }).map((row) => [Object.values(row.by).join(), row.calls]))

describe('the table of costs', () => {
  it('has one cell for the same target and labels, in whatever order the labels are written', () => {
    const table = newTable()
    const cell = table.cellOf('openai/m', { tenant: 'a', feature: 'x' })
    expect(table.cellOf('openai/m', { feature: 'x', tenant: 'a' })).toBe(cell)
    expect(table.cellOf('openai/m', { feature: 'x' })).not.toBe(cell)
    expect(table.cellOf('openai/n', { feature: 'x', tenant: 'a' })).not.toBe(cell)
  })

  it('has at most 20,001 cells, and loses no call', () => {
    const table = newTable()
    count(table, 60_000, (n) => [
      `p/m${n % 50}`,
      { tenant: `t${n % 20}`, user: `u${n % 900}`, region: `r${n % 77}` },
    ])
    count(table, 30_000, (n) => [`p/other-${n}`, {}])
    expect(table.cells.length).toBeLessThanOrEqual(20_001)
    for (const by of [[], ['tenant'], ['model'], ['user', 'target']])
      expect(costReport(table, { by }).reduce((sum, { calls }) => sum + calls, 0)).toBe(90_000)
  })

  it('counts tenants exactly although a label has a value for each of a million users', () => {
    const table = newTable()
    count(table, 1_000_000, (n) => ['openai/m', { tenant: `t${n % 20}`, user: `u${n}` }])
    const tenants = callsBy(table, 'tenant')
    expect(Object.keys(tenants)).toHaveLength(20)
    expect(new Set(Object.values(tenants))).toEqual(new Set([50_000]))
    expect(callsBy(table, 'user')['other']).toBe(999_000)
  })

  it('counts tenants exactly although each call names another model', () => {
    const table = newTable()
    count(table, 30_000, (n) => [`openai/m${n}`, { tenant: `t${n % 20}` }])
    const tenants = callsBy(table, 'tenant')
    expect(Object.keys(tenants)).toHaveLength(20)
    expect(new Set(Object.values(tenants))).toEqual(new Set([1_500]))
    expect(callsBy(table, 'provider')['other']).toBe(20_000)
  })

  it('counts the labels beyond 64 as other, and calls without a label as an empty text', () => {
    const table = newTable()
    count(table, 70, (n) => ['p/m', { [`label${n}`]: 'x' }])
    expect(callsBy(table, 'label0')).toEqual({ x: 1, '': 69 })
    expect(callsBy(table, 'label69')).toEqual({ other: 6, '': 64 })
    expect(callsBy(table, 'never-used')).toEqual({ other: 6, '': 64 })
  })

  it('reads provider and model from the target, also if it has no model', () => {
    const table = newTable()
    for (const target of ['openai/gpt-4', 'router/openai/gpt-4', 'openai', 'last resort'])
      table.cellOf(target, {}).calls++
    expect(callsBy(table, 'provider')).toEqual({ openai: 2, router: 1, 'last resort': 1 })
    expect(callsBy(table, 'model')).toEqual({ 'gpt-4': 1, 'openai/gpt-4': 1, '': 2 })
  })
})
