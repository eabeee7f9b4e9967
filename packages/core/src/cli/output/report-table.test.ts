import { describe, expect, it } from 'vitest'
import { newAmounts, type CostRow } from '../../reporting/cost-row.ts'
import { displayWidth, fitted } from './display-width.ts'
import { reportTable } from './report-table.ts'

const row = (target: string, amounts: Partial<CostRow> = {}): CostRow => ({
  by: { target },
  ...newAmounts(),
  ...amounts,
})

describe('the table of costs', () => {
  it('is aligned, ends with the totals, and has no columns without a value', () => {
    const tokens = { ...newAmounts().tokens, inputTokens: 1_234, outputTokens: 56 }
    const rows = [row('openai/gpt-4', { calls: 12, spentUsd: 1.5, tokens }), row('b/m', { calls: 1_000 })]
    expect(reportTable(rows).split('\n')).toEqual([
      'target         answers   input tokens   output tokens      cost',
      'openai/gpt-4        12          1,234              56   $1.5000',
      'b/m              1,000              0               0   $0.0000',
      'total            1,012          1,234              56   $1.5000',
    ])
  })

  it('shows what was saved, may be billed and has no price, where there is such', () => {
    const savedUsd = { fallback: -0.5, cache: 0.25, batch: 0 }
    const [header, line] = reportTable([
      row('a/m', { calls: 1, spentUsd: 2, savedUsd, possiblyBilledUsd: 3, unpricedCalls: 4 }),
    ]).split('\n')
    expect(header).toMatch(/cost +saved +may be billed +unknown price$/)
    expect(line).toMatch(/\$2\.0000 +-\$0\.2500 +\$3\.0000 +4$/)
  })

  it('shows small costs with more decimal places', () => {
    expect(reportTable([row('a/m', { spentUsd: 0.000123 })])).toContain('$0.000123')
  })

  it('is aligned in columns of the terminal, whatever the script of the names', () => {
    const names = ['openai/gpt-4', '通义/千问', 'e\u0301a/m', '👩‍👩‍👧/模型', 'ｆｕｌｌ/m', '한국/모델', '']
    const lines = reportTable(names.map((name) => row(name))).split('\n')
    expect(new Set(lines.map(displayWidth)).size).toBe(1)
  })

  it('cuts long names, and does not pass control characters to the terminal', () => {
    const text = reportTable([row(`a/${'字'.repeat(100)}`), row('b/\u001b[31m\nred\u202e')])
    expect(text).toContain('b/?[31m?red?')
    expect(text).toMatch(/字…/)
    expect(text.split('\n')).toHaveLength(4)
    for (const line of text.split('\n')) expect(displayWidth(line)).toBeLessThan(130)
  })

  it('adds up the targets beyond 50 in one row', () => {
    const rows = Array.from({ length: 53 }, (_, n) => row(`a/m${n}`, { calls: 2 }))
    const lines = reportTable(rows).split('\n')
    expect(lines).toHaveLength(53)
    expect(lines.at(-2)).toMatch(/^3 other targets +6 /)
    expect(lines.at(-1)).toMatch(/^total +106 /)
  })
})

describe('the width of a text', () => {
  it.each([
    ['abc', 3],
    ['字', 2],
    ['e\u0301', 1],
    ['👋🏽', 2],
    ['❤️', 2],
    ['한', 2],
    ['ｱ', 1],
    ['\u200b', 0],
    ['', 0],
  ])('is the number of columns that a terminal uses: %j', (text, width) => {
    expect(displayWidth(text)).toBe(width)
  })

  it('is never more than the columns that it is fitted to', () => {
    for (let columns = 1; columns < 12; columns++)
      expect(displayWidth(fitted('a字b👋cé字字', columns))).toBeLessThanOrEqual(columns)
  })
})
