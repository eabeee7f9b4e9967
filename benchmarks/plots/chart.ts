import { LineChart } from 'echarts/charts'
import { GridComponent, LegendComponent, TitleComponent } from 'echarts/components'
import { init, use } from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'

use([LineChart, GridComponent, LegendComponent, TitleComponent, SVGRenderer])

export interface Line {
  name: string
  /** A point without a height is a gap. */
  points: [x: number | null, y: number | null][]
}

export interface Chart {
  title: string
  x: { name: string }
  /** One above the other, over the same x. */
  panels: readonly {
    title: string
    y: { logarithmic?: boolean; most?: number }
    lines: readonly Line[]
  }[]
}

const WIDTH = 860
const HEAD = 76
const PANEL = 230
const FOOT = 40
const INK = '#333'
const COLOURS = ['#0b6e4f', '#c0392b', '#2c6fbb', '#d98e04', '#7d3c98', '#7f8c8d']

/** The chart as SVG: the same text for the same figures, and no font but the reader's own. */
export function drawChart({ title, x, panels }: Chart): string {
  const height = HEAD + panels.length * PANEL + FOOT
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height })
  const names = [...new Set(panels.flatMap(({ lines }) => lines.map(({ name }) => name)))]
  const text = { color: INK, fontFamily: 'sans-serif' }
  chart.setOption({
    animation: false,
    backgroundColor: '#fff',
    color: COLOURS,
    title: [
      { text: title, left: 16, top: 10, textStyle: { ...text, fontSize: 14 } },
      ...panels.map((panel, at) => ({
        text: panel.title,
        left: 16,
        top: HEAD + at * PANEL - 4,
        textStyle: { ...text, fontSize: 12, fontWeight: 'normal' },
      })),
    ],
    legend: { data: names, left: 12, top: 36, icon: 'roundRect', itemHeight: 4, textStyle: text },
    grid: panels.map((_, at) => ({
      left: 64,
      right: 24,
      top: HEAD + at * PANEL + 24,
      height: PANEL - 60,
    })),
    xAxis: panels.map((_, at) => ({
      gridIndex: at,
      type: 'value',
      min: 'dataMin',
      max: 'dataMax',
      name: at === panels.length - 1 ? x.name : '',
      nameLocation: 'middle',
      nameGap: 26,
      nameTextStyle: text,
      axisLabel: text,
      splitLine: { show: false },
    })),
    yAxis: panels.map(({ y }, at) => ({
      gridIndex: at,
      type: y.logarithmic ? 'log' : 'value',
      ...(y.most !== undefined && { min: 0, max: y.most }),
      axisLabel: text,
      splitLine: { lineStyle: { color: '#e4e4e4' } },
    })),
    series: panels.flatMap(({ lines }, at) =>
      lines.map(({ name, points }) => ({
        name,
        type: 'line',
        xAxisIndex: at,
        yAxisIndex: at,
        symbol: 'none',
        lineStyle: { width: 2 },
        data: points.map(([px, py]) => [px, py ?? '-']),
      })),
    ),
  })
  const svg = chart.renderToSVGString()
  chart.dispose()
  return `${withoutInteraction(svg)}\n`
}

/** What serves a pointer only, and the number of the chart within its process. */
function withoutInteraction(svg: string): string {
  return svg
    .replaceAll(/<style>[^]*?<\/style>\n?/g, '')
    .replaceAll(/ (?:class="[^"]*"|pointer-events="[^"]*")/g, '')
    .replaceAll(/\bzr\d+-/g, '')
}
