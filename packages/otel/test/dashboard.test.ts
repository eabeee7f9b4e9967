import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { consecutive } from '@harbor/breaker'
import { perCall, type Harbor } from '@harbor/core'
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { describe, expect, it } from 'vitest'
import { openTelemetry } from '../src/index.ts'
import { METRICS } from '../src/metrics/definitions.ts'
import { brokenMessage, harborFor, HELLO, simulate, status } from './helpers/clients.ts'
import { freePort } from '../../parts/test/free-port.ts'

interface Dashboard {
  readonly panels: readonly {
    readonly title: string
    readonly targets: readonly { readonly expr: string }[]
  }[]
  readonly templating: { readonly list: readonly { readonly query: string }[] }
}

const file = join(import.meta.dirname, '../../../examples/grafana/harbor.json')
const dashboard = JSON.parse(readFileSync(file, 'utf8')) as Dashboard
const queries = dashboard.panels.flatMap(({ title, targets }) =>
  targets.map(({ expr }) => [title, expr] as const),
)

/** A series as Prometheus stores it: its labels, among them its name. */
type Labels = Readonly<Record<string, string>>

/** Reads what the exporter prints. */
function seriesIn(text: string): readonly Labels[] {
  return text.split('\n').flatMap((line) => {
    const [, name, labels = ''] = /^(\w+)(?:\{(.*)\})? \S+$/.exec(line) ?? []
    if (name === undefined) return []
    const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key = '', value = '']) => [
      key,
      value,
    ])
    return [{ ...(Object.fromEntries(pairs) as Record<string, string>), __name__: name }]
  })
}

/** The selectors of a query, such as `harbor_calls_total{harbor_outcome="failure"}`, as tests of a series. */
function selectorsIn(expr: string): readonly { readonly text: string; matches(series: Labels): boolean }[] {
  // The variables of the dashboard stand for all values.
  const query = expr.replaceAll(/\bby \([^)]*\)/g, '').replaceAll(/\$(?:target|model)/g, '.*')
  const selectors = query.matchAll(/(?:\b((?:harbor|gen_ai)_\w+))?(\{[^}]*\})|\b((?:harbor|gen_ai)_\w+)/g)
  return [...selectors].map(([text, named, braces = '', bare]) => {
    const name = named ?? bare
    const conditions = [...braces.matchAll(/(\w+)(=~|!=|=)"([^"]*)"/g)]
    const matches = (series: Labels): boolean =>
      (name === undefined || series['__name__'] === name) &&
      conditions.every(([, label = '', operator, value = '']) => {
        const actual = series[label] ?? ''
        if (operator === '=~') return new RegExp(`^(?:${value})$`).test(actual)
        return (operator === '=') === (actual === value)
      })
    return { text, matches }
  })
}

/** The names that a `by` clause groups by. */
const groupsIn = (expr: string): readonly string[] =>
  [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, names = '']) =>
    names.split(',').map((name) => name.trim()),
  )

/** What Prometheus' own OTLP endpoint stores: durations have their unit in the name. */
function asOtlp(series: readonly Labels[]): readonly Labels[] {
  const durations = /(duration|time_to_first_chunk|time_per_output_chunk)_(bucket|sum|count)$/
  return series.map((each) => ({
    ...each,
    __name__: (each['__name__'] ?? '').replace(durations, '$1_seconds_$2'),
  }))
}

let scraping: Promise<readonly Labels[]> | undefined

/** The series that Prometheus scrapes after calls of every kind. The calls are made once for all tests. */
function scrapedSeries(): Promise<readonly Labels[]> {
  return (scraping ??= scrape())
}

async function scrape(): Promise<readonly Labels[]> {
  const port = await freePort()
  const exporter = new PrometheusExporter({ port, host: '127.0.0.1', preventServerStart: true })
  const meterProvider = new MeterProvider({ readers: [exporter] })
  await exporter.startServer()
  const text = await afterTraffic(meterProvider, `http://127.0.0.1:${port}/metrics`)
  await meterProvider.shutdown()
  return seriesIn(text)
}

/** Makes calls that end in every way that the dashboard shows. @returns what the exporter prints then */
async function afterTraffic(meterProvider: MeterProvider, url: string): Promise<string> {
  const telemetry = openTelemetry({ meterProvider })
  const backup = { apiKey: 'k', baseURL: (await simulate()).baseURL }
  const withBackup = { telemetry, providers: { backup }, fallback: ['backup/gpt-4o-mini'] }
  const ask = (harbor: Harbor, options: object = {}): Promise<unknown> =>
    Promise.allSettled([harbor.chat.completions.create({ ...HELLO, temperature: 0 }, options)])

  const cached = harborFor(await simulate(), { telemetry, cache: true })
  await ask(cached)
  await ask(cached)

  const failing = await simulate()
  failing.fail(status(500))
  await ask(harborFor(failing, { ...withBackup, retry: false }))

  const slow = await simulate()
  const hedging = harborFor(slow, { ...withBackup, hedge: { afterMs: 10, maxExtraRatio: 1 } })
  await ask(hedging, perCall({ telemetry: false }))
  slow.fail({ type: 'hang' })
  await ask(hedging)

  const down = await simulate()
  down.script({ rules: [{ fault: status(500) }] })
  const limits = { requestsPerMinute: 1_000 }
  const limited = harborFor(down, { telemetry, limits, breaker: { trip: consecutive(1) } })
  await ask(limited)
  await ask(limited)

  await brokenMessage(telemetry)
  const streaming = harborFor(await simulate(), { telemetry })
  for await (const _chunk of await streaming.chat.completions.create({ ...HELLO, stream: true }));
  return (await fetch(url)).text()
}

describe('the dashboard for Grafana', () => {
  it.each(queries)('queries series that were scraped, by either way to Prometheus: %s', async (_, expr) => {
    const scraped = await scrapedSeries()
    const selectors = selectorsIn(expr)
    expect(selectors.length).toBeGreaterThan(0)
    for (const all of [scraped, asOtlp(scraped)])
      for (const { text, matches } of selectors) {
        const found = all.filter(matches)
        expect(found.length, text).toBeGreaterThan(0)
        for (const group of groupsIn(expr))
          expect(found.some((series) => group in series) || selectors.length > 1, `${group} of ${text}`).toBe(
            true,
          )
      }
  })

  it('has variables whose values were scraped', async () => {
    const scraped = await scrapedSeries()
    for (const { query } of dashboard.templating.list) {
      const [, name, label = ''] = /^label_values\((\w+), (\w+)\)$/.exec(query) ?? []
      if (name === undefined) continue
      expect(
        scraped.some((series) => series['__name__'] === name && label in series),
        query,
      ).toBe(true)
    }
  })

  it('shows every metric, except the tokens of the old conventions and special kinds of tokens', async () => {
    const scraped = await scrapedSeries()
    const notShown = Object.keys(METRICS).filter((name) => {
      const printed = new RegExp(`^${name.replaceAll('.', '_')}(?:_total|_bucket|_sum)?$`)
      const series = scraped.filter(({ __name__ }) => printed.test(__name__ ?? ''))
      return !queries.some(([, expr]) => selectorsIn(expr).some(({ matches }) => series.some(matches)))
    })
    expect(notShown).toEqual([
      'gen_ai.client.token.usage',
      'gen_ai.client.inference.usage.cache_read.input_tokens',
      'gen_ai.client.inference.usage.cache_write.input_tokens',
      'gen_ai.client.inference.usage.reasoning.output_tokens',
    ])
  })
})
