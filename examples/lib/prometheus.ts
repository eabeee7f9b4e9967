import { PrometheusExporter } from '@opentelemetry/exporter-prometheus'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { freePort } from './free-port.ts'

/** Starts a server for Prometheus at a free port. A service has a fixed one: `new PrometheusExporter()` listens at 9464. */
export async function startPrometheus(): Promise<{ meterProvider: MeterProvider; url: string }> {
  const port = await freePort()
  const exporter = new PrometheusExporter({ port, host: '127.0.0.1', preventServerStart: true })
  const meterProvider = new MeterProvider({ readers: [exporter] })
  await exporter.startServer()
  return { meterProvider, url: `http://127.0.0.1:${port}/metrics` }
}
