import { describe, expect, it } from 'vitest'
import { drawPlots } from '../../benchmarks/plots/draw-plots.ts'
import { sectionInMarkdown, standing, type Report } from '../../benchmarks/report.ts'
import { figures, inMarkdown, judged, median, tableOf } from '../../benchmarks/table.ts'

const table = judged(
  tableOf({
    call: ['bare', 'ours'],
    wanted: figures(1, [undefined, 3]),
    ratio: figures(1, [1, 2.96]),
    range: figures(2, [
      [1, 1],
      [2.5, 3.25],
    ]),
    'never measured': figures(0, [undefined, NaN]),
    note: ['', 'a word'],
  }),
  { wanted: 'wanted', got: 'ratio', unit: '×', digits: 2 },
  (name) => `${name} beside bare`,
)
const report: Report = {
  bench: 'retry',
  command: 'pnpm bench retry',
  date: '2026-01-02',
  node: '24.0.0',
  machine: 'a machine',
  sections: [{ name: 'retry', tables: [table], goals: [] }],
}
const goal = { of: 'heap', got: 2.5, atMost: 2, unit: 'MB', digits: 2 }

describe('a table', () => {
  it('is printed with its decimals, ranges and words, and without empty columns', () => {
    expect(inMarkdown(table).split('\n')).toEqual([
      '| call | wanted | ratio | range        | note   |',
      '| ---  | ---:   | ---:  | ---:         | ---    |',
      '| bare |        | 1.0   | 1.00 to 1.00 |        |',
      '| ours | 3.0    | 3.0   | 2.50 to 3.25 | a word |',
    ])
  })

  it('is the same after it was stored as JSON', () => {
    expect(inMarkdown(JSON.parse(JSON.stringify(table)) as typeof table)).toBe(inMarkdown(table))
  })

  it('has a goal for each row with a goal, judged by the number before rounding', () => {
    expect(table.goals).toEqual([{ of: 'ours beside bare', unit: '×', digits: 2, got: 2.96, atMost: 3 }])
  })

  it('keeps whole numbers unchanged, and six digits of others', () => {
    expect(figures(0, [1_919_138, 1.23456789]).cells).toEqual([1_919_138, 1.23457])
  })
})

describe('a section', () => {
  it('says once, below its first table, which command wrote it, when and where', () => {
    const first = sectionInMarkdown({ name: 'retry', tables: [table, table], goals: [] }, report)
    expect(first.split('\n\n')[1]).toBe(
      'Written by `pnpm bench retry --write` on 2026-01-02: Node 24.0.0, a machine.',
    )
    expect(first.split('\n\n')).toHaveLength(3)
    expect(sectionInMarkdown({ name: 'retry sizes', tables: [table], goals: [] }, report)).toBe(
      inMarkdown(table),
    )
  })

  it('prints its goals with their results', () => {
    const printed = sectionInMarkdown({ name: 'soak heap', tables: [], goals: [goal] }, report)
    expect(printed).toMatch(/\| heap +\| at most 2.00 MB \| 2.50 MB \|$/)
  })
})

describe('the table of goals', () => {
  const soak: Report = { ...report, bench: 'soak', sections: [{ name: 'soak', tables: [], goals: [goal] }] }

  it('has every goal, those of whole calls first, and says which are reached', () => {
    const rows = standing([report, soak]).split('\n').slice(2)
    expect(rows).toHaveLength(2)
    expect(rows[0]).toMatch(/heap .*at most 2.00 MB \| 2.50 MB \| \*\*no\*\* +\| `soak`/)
    expect(rows[1]).toMatch(/ours beside bare .*at most 3.00 × +\| 2.96 × +\| yes +\| `retry`/)
    expect(standing([report, soak], 'whole calls').split('\n').slice(2)).toHaveLength(1)
  })

  it('supports minimum goals, and aims beyond them', () => {
    const faster = { of: 'calls', got: 1.7, atLeast: 1.8, aim: 2.5, unit: '×', digits: 1 }
    const rows = standing([{ ...soak, sections: [{ name: 'soak', tables: [], goals: [faster] }] }])
    expect(rows).toMatch(/at least 1.8 ×, aim 2.5 \| 1.7 × +\| \*\*no\*\*/)
  })
})

describe('a plot', () => {
  const series = tableOf({
    client: ['`ours`', '`ours`', 'theirs', 'theirs'],
    second: figures(0, [0, 2, 0, 2]),
    down: figures(0, [0, 1, 0, 1]),
    'answered, %': figures(1, [100, 100, 98, 0]),
    'p99, ms': figures(1, [25, 900, 30, undefined]),
  })
  const outage: Report = {
    ...report,
    bench: 'outage',
    sections: [{ name: 'outage', tables: [], goals: [], series }],
  }

  it('is the same for the same numbers, whatever was drawn before', () => {
    const [once, again] = [drawPlots([outage]), drawPlots([outage])]
    expect(Object.keys(once)).toEqual(['outage.svg'])
    expect(once).toEqual(again)
    expect(once['outage.svg']).toMatch(/^<svg [^]*ours[^]*theirs[^]*<\/svg>\n$/)
  })

  it('differs for other numbers', () => {
    const rows = series.rows.map((row, at) => (at === 0 ? ['`ours`', 0, 0, 50, 25] : row))
    const other = { ...outage, sections: [{ ...outage.sections[0], series: { ...series, rows } }] } as Report
    expect(drawPlots([other])).not.toEqual(drawPlots([outage]))
  })

  it('does not exist without measurements', () => {
    expect(drawPlots([report])).toEqual({})
  })
})

describe('median', () => {
  it('returns the middle value, the upper one of two', () => {
    expect([median([3, 1, 2]), median([4, 1]), median([])]).toEqual([2, 4, NaN])
  })
})
