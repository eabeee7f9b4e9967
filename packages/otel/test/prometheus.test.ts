import { consecutive } from '@harbor/breaker'
import { Harbor } from '@harbor/core'
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { describe, expect, it, onTestFinished } from 'vitest'
import { METRICS } from '../src/metrics/definitions.ts'
import { openTelemetry } from '../src/index.ts'
import { harborFor, HELLO, simulate, status } from './helpers/clients.ts'
import { freePort } from '../../parts/test/free-port.ts'

/** Starts the Prometheus exporter. @returns the provider, and a function that scrapes it over HTTP */
async function prometheus() {
  const port = await freePort()
  const exporter = new PrometheusExporter({ port, host: '127.0.0.1', preventServerStart: true })
  const meterProvider = new MeterProvider({ readers: [exporter] })
  await exporter.startServer()
  onTestFinished(() => meterProvider.shutdown())
  return {
    meterProvider,
    scrape: async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).text(),
  }
}

describe('the metrics that Prometheus scrapes', () => {
  it('have these names and attributes', async () => {
    const { meterProvider, scrape } = await prometheus()
    const provider = await simulate()
    const harbor: Harbor = harborFor(provider, {
      telemetry: openTelemetry({ meterProvider }),
      breaker: { trip: consecutive(5) },
      cache: true,
      limits: { requestsPerMinute: 1_000 },
    })
    provider.fail(status(503))
    await harbor.chat.completions.create({ ...HELLO, temperature: 0 })
    await harbor.chat.completions.create({ ...HELLO, temperature: 0 })
    const stream = await harbor.chat.completions.create({ ...HELLO, stream: true })
    for await (const _chunk of stream);
    const text = await scrape()
    const scope = 'otel_scope_name="@harbor/otel"'
    const chat = 'gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_request_model="gpt-4"'
    for (const name of ['operation', 'inference']) {
      expect(text).toMatch(lineOf(`gen_ai_client_${name}_duration_count`, chat, scope, '2'))
      expect(text).toMatch(lineOf(`gen_ai_client_${name}_time_to_first_chunk_count`, chat, scope, '1'))
    }
    const failed = 'harbor_attempt_reason="first",harbor_attempt_outcome="error",error_type="503"'
    expect(text).toMatch(
      lineOf('harbor_attempts_total', `harbor_target="openai/gpt-4",${failed}`, scope, '1'),
    )
    expect(text).toMatch(lineOf('harbor_cache_requests_total', 'harbor_cache_status="hit"', scope, '1'))
    expect(text).toMatch(lineOf('harbor_breaker_state', 'harbor_target="openai/gpt-4"', scope, '0'))
    expect(text).toMatch(/^harbor_cost_total\{.*\} 0\.\d+$/m)
    expect(text).toMatch(/^harbor_wait_duration_bucket\{harbor_wait_reason="backoff",.*le="\+Inf"\} 1$/m)
    expect(text).toContain('le="655.36"')
  })

  it('are only metrics that are documented', async () => {
    const { meterProvider, scrape } = await prometheus()
    const harbor = harborFor(await simulate(), { telemetry: openTelemetry({ meterProvider }), cache: true })
    await harbor.chat.completions.create(HELLO)
    const known = Object.keys(METRICS).map((name) => name.replaceAll('.', '_'))
    const found = [...(await scrape()).matchAll(/^# TYPE (\S+?)(?:_total)? /gm)].map(([, name]) => name)
    expect(found.length).toBeGreaterThan(5)
    expect(found.filter((name) => name !== 'target_info' && !known.includes(name ?? ''))).toEqual([])
  })
})

function lineOf(name: string, attributes: string, scope: string, value: string): RegExp {
  return new RegExp(`^${name}\\{${attributes.replaceAll('/', '\\/')}.*${scope}.*\\} ${value}$`, 'm')
}
