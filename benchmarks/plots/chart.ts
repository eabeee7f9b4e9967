import { LineChart } from 'echarts/charts'
import { GridComponent, LegendComponent, MarkAreaComponent, TitleComponent } from 'echarts/components'
import { init, use } from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'

use([LineChart, GridComponent, LegendComponent, MarkAreaComponent, TitleComponent, SVGRenderer])

export interface Line {
  name: string
  colour: string
  /** A point without y is a gap. */
  points: [x: number | null, y: number | null][]
}

export interface Chart {
  title: string
  x: { name: string }
  /** A grey range of x, with its name. */
  shaded?: { from: number; to: number; name: string } | undefined
  /** Panels above each other, with the same x axis. */
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

/** The chart as SVG: the same text for the same numbers, without fonts. */
export function drawChart({ title, x, shaded, panels }: Chart): string {
  const height = HEAD + panels.length * PANEL + FOOT
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height })
  const names = [...new Set(panels.flatMap(({ lines }) => lines.map(({ name }) => name)))]
  const text = { color: INK, fontFamily: 'sans-serif' }
  chart.setOption({
    animation: false,
    backgroundColor: '#fff',
    title: [
      { text: title, left: 16, top: 10, textStyle: { ...text, fontSize: 14 } },
      ...panels.map((panel, at) => ({
        text: panel.title,
        left: 16,
        top: HEAD + at * PANEL - 4,
        textStyle: { ...text, fontSize: 12, fontWeight: 'normal' },
      })),
    ],
    legend: {
      data: names,
      left: 12,
      top: 36,
      icon: 'roundRect',
      itemHeight: 4,
      itemGap: 24,
      textStyle: text,
    },
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
      lines.map(({ name, colour, points }, line) => ({
        name,
        type: 'line',
        xAxisIndex: at,
        yAxisIndex: at,
        symbol: 'none',
        color: colour,
        lineStyle: { width: 2 },
        // The first line is drawn on top.
        z: lines.length - line,
        ...(line === 0 && shaded && { markArea: markArea(shaded, at === 0) }),
        data: points.map(([px, py]) => [px, py ?? '-']),
      })),
    ),
  })
  const svg = chart.renderToSVGString()
  chart.dispose()
  return `${withoutInteraction(svg)}\n`
}

function markArea({ from, to, name }: NonNullable<Chart['shaded']>, named: boolean): object {
  return {
    silent: true,
    itemStyle: { color: '#f0f0f0' },
    label: { show: named, position: 'insideBottom', color: INK, fontFamily: 'sans-serif' },
    data: [[{ name, xAxis: from }, { xAxis: to }]],
  }
}

/** Attributes for mouse events, and the number of the chart within its process. */
function withoutInteraction(svg: string): string {
  return svg
    .replaceAll(/<style\b[^>]*>[^]*?<\/style>\n?/g, '')
    .replaceAll(/ (?:class="[^"]*"|pointer-events="[^"]*")/g, '')
    .replaceAll(/\bzr\d+-/g, '')
}
