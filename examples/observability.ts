/**
 * Traces and metrics.
 *
 * Scenario: one provider fails, the other one answers. A trace shows what took the time, and Prometheus scrapes the metrics. The
 * dashboard for Grafana is examples/grafana/harbor.json.
 *
 *     pnpm example observability
 */
import { Harbor } from '@harbor/core'
import { openTelemetry } from '@harbor/otel'
import { startSimulator } from '@harbor/simulator'
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { printTrace } from './lib/print-trace.ts'
import { startPrometheus } from './lib/prometheus.ts'

// A service sets up the SDK with its own exporters, such as OTLP, and registers it globally: openTelemetry() then needs no options.
const exporter = new InMemorySpanExporter()
const tracerProvider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] })
const { meterProvider, url } = await startPrometheus()

const slow = { latency: { mean: 80, sigma: 0.1 } }
const simulator = await startSimulator({ providers: { openai: slow, deepseek: slow }, seed: 1 })
const [openai, deepseek] = [simulator.provider('openai'), simulator.provider('deepseek')]
const harbor = new Harbor({
  apiKey: 'simulated',
  logLevel: 'off',
  baseURL: openai.baseURL,
  providers: { deepseek: { apiKey: 'simulated', baseURL: deepseek.baseURL } },
  fallback: ['deepseek/deepseek-chat'],
  telemetry: openTelemetry({ tracerProvider, meterProvider }),
})
const ask = (client: Harbor, content: string) =>
  client.chat.completions.create({ model: 'gpt-4', messages: [{ role: 'user', content }], temperature: 0 })

await ask(harbor, 'What is a quay?')
exporter.reset()
openai.fail({ type: 'status', status: 503 }, { type: 'status', status: 500 })
await ask(harbor, 'What is a harbour?')
console.log('🔭 The trace of a call whose provider fails twice:')
printTrace(exporter.getFinishedSpans())

const cached = harbor.withOptions({ cache: true })
await Promise.all([ask(cached, 'What is a pier?'), ask(cached, 'What is a pier?')])
await ask(cached, 'What is a pier?')
const metrics = await (await fetch(url)).text()
console.log('📈 Prometheus scrapes, among others:')
for (const line of metrics.split('\n'))
  if (/^harbor_(attempts|fallbacks|cache_requests|calls)_total/.test(line))
    console.log(`   ${line.replace(/,?otel_scope_name="[^"]*"/, '')}`)
await harbor.close()
await simulator.close()
await meterProvider.shutdown()
