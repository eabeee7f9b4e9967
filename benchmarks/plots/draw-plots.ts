import type { Report } from '../report.ts'
import type { Cell, Table } from '../table.ts'
import { drawChart, type Chart, type Line } from './chart.ts'

/** The plots of the stored results, by file name. */
export function drawPlots(reports: readonly Report[]): Record<string, string> {
  const load = seriesOf(reports, 'load')
  const outage = seriesOf(reports, 'outage')
  return {
    ...(load && { 'latency-under-load.svg': drawLatency(load) }),
    ...(outage && { 'outage.svg': drawOutage(outage) }),
  }
}

function seriesOf(reports: readonly Report[], name: string): Table | undefined {
  return reports.flatMap(({ sections }) => sections).find((section) => section.name === name)?.series
}

function drawLatency(series: Table): string {
  return drawChart({
    title: 'Latency of a chat call at a number of calls per second, sent on schedule',
    x: { name: 'calls a second' },
    panels: ['p50, ms', 'p99, ms'].map((column) => ({
      title: column,
      y: { logarithmic: true },
      lines: linesOf(series, 'calls a second', column),
    })),
  })
}

function drawOutage(series: Table): string {
  return drawChart({
    title: 'An outage of the first provider',
    x: { name: 'seconds' },
    shaded: shadedOf(series),
    panels: [
      { title: 'answered, %', y: { most: 100 }, lines: linesOf(series, 'second', 'answered, %') },
      { title: 'p99 of answered, ms', y: { logarithmic: true }, lines: linesOf(series, 'second', 'p99, ms') },
    ],
  })
}

/** One line per name, from two columns. */
function linesOf({ columns, rows }: Table, x: string, y: string): Line[] {
  const [atX, atY] = [x, y].map((wanted) => columns.findIndex(({ title }) => title === wanted))
  const lines = new Map<string, Line>()
  for (const row of rows) {
    const name = String(row[0]).replaceAll('`', '')
    const line = lines.get(name) ?? { name, colour: COLOURS[name] ?? '#222', points: [] }
    line.points.push([numberOf(row[atX ?? -1]), numberOf(row[atY ?? -1])])
    lines.set(name, line)
  }
  return [...lines.values()]
}

/** From the start of the outage to its end. */
function shadedOf({ columns, rows }: Table): Chart['shaded'] {
  const [second, down] = ['second', 'down'].map((wanted) =>
    columns.findIndex(({ title }) => title === wanted),
  )
  const at = (isDown: number): number[] =>
    rows.filter((row) => row[down ?? -1] === isDown).map((row) => numberOf(row[second ?? -1]) ?? NaN)
  const from = Math.min(...at(1))
  return {
    from,
    to: Math.min(...at(0).filter((moment) => moment > from)),
    name: 'the first provider is down',
  }
}

/** Each client has the same colour in all plots. */
const COLOURS: Record<string, string> = {
  Harbor: '#0b7a55',
  'Harbor, defaults': '#0b7a55',
  'Harbor, all policies armed': '#6ab04c',
  openai: '#c0392b',
  ai: '#d98e04',
  'Vercel AI SDK': '#d98e04',
  'Harbor for ai': '#6ab04c',
  'ai-retry': '#7d3c98',
  'ai-fallback': '#c2185b',
  cockatiel: '#2c6fbb',
  LangChain: '#8d6e63',
  'undici.request alone': '#9aa5ab',
}

const numberOf = (cell: Cell | undefined): number | null => (typeof cell === 'number' ? cell : null)
