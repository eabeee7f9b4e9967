import { describe, expect, it } from 'vitest'
import { CALLS, CLIENTS, makeRandomCalls } from '../../core/test/helpers/random-calls.ts'
import { openTelemetry } from '../src/index.ts'
import { metering, total } from './helpers/metering.ts'
import { recording } from './helpers/recording.ts'

describe('10,000 calls with random aborts, cuts and unread streams', () => {
  it.each(Object.entries(CLIENTS))(
    'leave no span open, and no request in flight: %s',
    async (_, options) => {
      const { tracerProvider, open, spans } = recording()
      const { meterProvider, collect } = metering()
      const observer = openTelemetry({
        tracerProvider,
        meterProvider,
        attemptSpans: 'always',
        propagate: true,
      })
      const seed = await makeRandomCalls(observer, options)
      const left = (): number => {
        globalThis.gc?.() // a cached stream without a reader ends when it is collected
        return open()
      }
      await expect.poll(left, { message: `seed ${seed}` }).toBe(0)
      const calls = spans().filter(({ attributes }) => 'harbor.receipt.id' in attributes)
      expect(calls.length).toBeGreaterThanOrEqual(CALLS / 4)
      const series = await collect()
      expect(total(series, 'harbor.in_flight').value).toBe(0)
      expect(total(series, 'harbor.calls').value).toBe(CALLS / 4)
    },
    120_000,
  )
})
