import { readFileSync } from 'node:fs'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { expect, it, onTestFinished } from 'vitest'
import { openTelemetry } from '../src/index.ts'
import { harborFor, HELLO, simulate } from './helpers/clients.ts'
import { recording } from './helpers/recording.ts'

it('spans and metrics name the package and its version as their scope', async () => {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  const { tracerProvider, spans } = recording()
  const meterProvider = new MeterProvider()
  onTestFinished(() => meterProvider.shutdown())
  const meters: (readonly [name: string, version: string | undefined])[] = []
  const getMeter = meterProvider.getMeter.bind(meterProvider)
  meterProvider.getMeter = (name, ownVersion, options) => {
    meters.push([name, ownVersion])
    return getMeter(name, ownVersion, options)
  }
  const harbor = harborFor(await simulate(), { telemetry: openTelemetry({ tracerProvider, meterProvider }) })
  await harbor.chat.completions.create(HELLO)
  expect(spans()[0]?.instrumentationScope).toMatchObject({ name: '@harbor/otel', version })
  expect(meters).toEqual([['@harbor/otel', version]])
})
