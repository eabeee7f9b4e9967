import type { Receipt } from '@harbor/core'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import { beforeEach, describe, expect, it } from 'vitest'
import { faultOf, ROWS, type Form } from '../../core/test/failover/rows.ts'
import { harborClient } from '../../core/test/helpers/three-clients.ts'
import { timeInTurns } from '../../core/test/helpers/time-in-turns.ts'
import { BACKUP_SAYS, PRIMARY_SAYS, twoProviders } from '../../core/test/helpers/two-providers.ts'
import { ERROR_TYPES } from '../src/facts/error-type.ts'
import { openTelemetry, type OpenTelemetryOptions } from '../src/index.ts'
import { metering, total } from './helpers/metering.ts'
import { msOf, recorder, startOf, withContext, type Recording } from './helpers/recording.ts'

const PLACES = { beforeContent: 1, midStream: 7 }
/** Keys, the prompt, what the providers answer, and what they say when they fail. */
const SECRETS = [
  'test-key',
  'backup-key',
  'Hi.',
  'is down',
  'So am I',
  ...[PRIMARY_SAYS, BACKUP_SAYS].map((says) => says.slice(0, 20)),
]

interface Watched {
  readonly recording: Recording
  readonly observer: ReturnType<typeof openTelemetry>
}

function watched(options: OpenTelemetryOptions): Watched {
  const recording = recorder()
  const { tracerProvider } = recording
  return { recording, observer: openTelemetry({ tracerProvider, ...options }) }
}

/** The spans of the trace of a call. */
function traceOf({ recording }: Watched, receipt: Receipt): readonly ReadableSpan[] {
  const spans = recording.spans()
  const call = spans.find(({ attributes }) => attributes['harbor.receipt.id'] === receipt.id)
  return spans.filter((span) => span.spanContext().traceId === call?.spanContext().traceId)
}

const isAttempt = ({ attributes }: ReadableSpan): boolean => 'harbor.attempt.number' in attributes

function expectTheReceipt(spans: readonly ReadableSpan[], receipt: Receipt): void {
  const [call, ...others] = spans.filter((span) => !isAttempt(span) && span.name !== 'harbor.wait')
  expect(others).toEqual([])
  if (!call) throw new Error('The call has no span.')
  expect(msOf(call)).toBeCloseTo(receipt.durationMs ?? -1, 2)
  expect(call.attributes['harbor.attempts']).toBe(receipt.attempts.length)
  expect(call.attributes['harbor.wait_ms']).toBeCloseTo(
    receipt.waits.reduce((sum, { ms }) => sum + ms, 0),
    6,
  )
  expect(call.attributes['harbor.cost.usd']).toBe(receipt.cost?.usd)
  expect(call.attributes['harbor.cost.possibly_billed_usd'] ?? 0).toBe(receipt.possiblyBilledUsd)
  expect(call.attributes['gen_ai.usage.output_tokens']).toBe(receipt.usage?.outputTokens)
  expect('error.type' in call.attributes).toBe(receipt.outcome !== 'success')
  const waits = receipt.waits.filter(({ ms }) => ms >= 1)
  expect(timesOf(spans.filter(({ name }) => name === 'harbor.wait'))).toEqual(
    waits.map(({ startedAt, ms }) => [closeTo(startedAt), closeTo(ms)]),
  )
  for (const { attributes, parentSpanContext } of spans) {
    const type = attributes['error.type']
    if (typeof type === 'string') expect(type in ERROR_TYPES || /^[45]\d\d$/.test(type)).toBe(true)
    if (attributes !== call.attributes) expect(parentSpanContext?.spanId).toBe(call.spanContext().spanId)
  }
}

const timesOf = (spans: readonly ReadableSpan[]): unknown[] =>
  spans.map((span) => [startOf(span), msOf(span)])
const closeTo = (ms: number): number => expect.closeTo(ms, 2) as number

beforeEach(timeInTurns)

describe.each<Form>(['JSON', 'stream'])('the trace of a call (%s) whose primary has', (form) => {
  it.each(ROWS.filter(({ only }) => only === undefined || only === form))(
    '$what adds up to its receipt, and contains no content and no key',
    async (row) => {
      withContext()
      const always = watched({ attemptSpans: 'always' })
      const { meterProvider, collect } = metering()
      const retried = watched({ meterProvider })
      const pair = await twoProviders({ rules: [{ fault: faultOf(row, PLACES) }] })
      const quota = row.sharedQuota && { quotaGroup: 'one' }
      const address = row.address ? { baseURL: row.address(pair.primary) } : pair.primary
      const client = harborClient(address, {
        ...pair.options,
        ...row.options,
        telemetry: [always.observer, retried.observer],
        providers: {
          ...(quota && { openai: quota }),
          backup: { ...pair.options.providers?.['backup'], ...quota },
        },
      })
      const call = () => (form === 'JSON' ? client.ask('chat', 'gpt-4') : client.stream('chat', 'gpt-4'))
      await row.prepare?.(pair, call)
      const calls = total(await collect(), 'harbor.calls').value

      const { receipt } = await call()

      if (!receipt) throw new Error('The call has no receipt.')
      const spans = traceOf(always, receipt)
      expectTheReceipt(spans, receipt)
      const attempts = spans.filter(isAttempt)
      expect(timesOf(attempts)).toEqual(
        receipt.attempts.map(({ startedAt, durationMs }) => [closeTo(startedAt), closeTo(durationMs ?? -1)]),
      )
      expect(attempts.map(({ attributes }) => attributes['harbor.attempt.outcome'] === 'ok')).toEqual(
        receipt.attempts.map(({ failure }) => failure === undefined),
      )

      const few = traceOf(retried, receipt)
      expectTheReceipt(few, receipt)
      const own = receipt.attempts.length > 1 ? attempts : []
      expect(few.filter(isAttempt).map(({ attributes }) => attributes)).toEqual(
        own.map(({ attributes }) => attributes),
      )
      expect(timesOf(few.filter(isAttempt))).toEqual(timesOf(own))
      expect([always, retried].map(({ recording }) => recording.open())).toEqual([0, 0])

      const series = await collect()
      expect(total(series, 'harbor.calls').value).toBe(calls + 1)
      expect(total(series, 'harbor.in_flight').value).toBe(0)
      const all = JSON.stringify([
        ...[...always.recording.spans(), ...retried.recording.spans()].map(
          ({ name, attributes, events, links, status }) => ({
            ...{ name, attributes, events, links, status },
          }),
        ),
        series,
      ])
      for (const secret of SECRETS) expect(all).not.toContain(secret)
    },
  )
})
