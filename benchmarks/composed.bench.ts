/**
 * The cost of retry, timeout and circuit breaker together for a call that succeeds.
 *
 *     node --expose-gc --conditions=@harbor/source benchmarks/composed.bench.ts
 */
import { CircuitBreaker, timeWindow } from '@harbor/breaker'
import { createRetry } from '@harbor/retry'
import {
  circuitBreaker,
  ExponentialBackoff,
  handleAll,
  retry,
  SamplingBreaker,
  timeout,
  TimeoutStrategy,
  wrap,
} from 'cockatiel'
import Opossum from 'opossum'
import pRetry from 'p-retry'
import { measure, measurementTable, type Subject } from './measure.ts'
import { publish } from './publish.ts'

const operation = async (): Promise<number> => 1
const nothing = (): void => undefined
const TIMEOUT_MS = 30_000

const policy = createRetry({ maxAttempts: 3, attemptTimeoutMs: TIMEOUT_MS })
const breaker = new CircuitBreaker({ trip: timeWindow({ durationMs: 10_000, failureRatio: 0.5 }) })
const cockatiel = wrap(
  retry(handleAll, { maxAttempts: 2, backoff: new ExponentialBackoff() }),
  circuitBreaker(handleAll, {
    halfOpenAfter: 30_000,
    breaker: new SamplingBreaker({ threshold: 0.5, duration: 10_000 }),
  }),
  timeout(TIMEOUT_MS, TimeoutStrategy.Aggressive),
)
const opossum = new Opossum(operation, { timeout: TIMEOUT_MS, rollingCountTimeout: 10_000 })

const composed = await measure({
  'bare await': (async (times) => {
    for (let call = 0; call < times; call++) await operation()
  }) satisfies Subject,
  'retry, breaker and attempt timeout': async (times) => {
    for (let call = 0; call < times; call++) await policy.run(() => breaker.run(operation))
  },
  // With another delay: Node keeps timers with the same delay in one list, which the policy's timer keeps alive.
  'one `setTimeout`, cleared': async (times) => {
    for (let call = 0; call < times; call++) clearTimeout(setTimeout(nothing, TIMEOUT_MS + 1))
  },
  'cockatiel 4, `wrap(retry, breaker, timeout)`': async (times) => {
    for (let call = 0; call < times; call++) await cockatiel.execute(operation)
  },
  'p-retry 9 over opossum 10, with its timeout': async (times) => {
    for (let call = 0; call < times; call++) await pRetry(() => opossum.fire(), { retries: 2 })
  },
})
publish(
  'composed',
  measurementTable('a call that succeeds', composed, { 'retry, breaker and attempt timeout': 16 }),
)
opossum.shutdown()
