/**
 * The cost of `@harbor/retry` for a call that succeeds, compared with a bare await and with other libraries, alternating in one process.
 *
 *     node --expose-gc --conditions=@harbor/source benchmarks/retry.bench.ts
 */
import { createRetry, retry } from '@harbor/retry'
import { handleAll, retry as cockatielRetry, timeout, TimeoutStrategy } from 'cockatiel'
import pRetry from 'p-retry'
import { IMPORTS, sizeTable } from './bundle-size.ts'
import { FLOOR, floorOf, nearFloor } from './floor.ts'
import { measure, measurementTable, type Subject } from './measure.ts'
import { publish } from './publish.ts'

const operation = async (): Promise<number> => 1
const policy = createRetry()
const cockatiel = cockatielRetry(handleAll, { maxAttempts: 2 })

// Each subject has its own loop: a shared loop would call through a pointer, which slows down the fastest subject the most.
const bareAwait: Subject = async (times) => {
  for (let call = 0; call < times; call++) await operation()
}
/** Part of every call that needs the time. How slow it is depends on the machine. */
const readClock: Subject = async (times) => {
  let sum = 0
  for (let call = 0; call < times; call++) sum += performance.now()
  return sum
}
const nothingFails = await measure({
  'bare await': bareAwait,
  'one reading of the clock': readClock,
  [FLOOR]: floorOf(operation),
  '`policy.run(operation)`': async (times) => {
    for (let call = 0; call < times; call++) await policy.run(operation)
  },
  '`retry(operation)`': async (times) => {
    for (let call = 0; call < times; call++) await retry(operation)
  },
  '`retry(operation, { maxAttempts: 3 })`': async (times) => {
    for (let call = 0; call < times; call++) await retry(operation, { maxAttempts: 3 })
  },
  'cockatiel 4, `policy.execute(operation)`': async (times) => {
    for (let call = 0; call < times; call++) await cockatiel.execute(operation)
  },
  'p-retry 9, `pRetry(operation, { retries: 2 })`': async (times) => {
    for (let call = 0; call < times; call++) await pRetry(operation, { retries: 2 })
  },
})
publish('retry', measurementTable('a call that succeeds', nothingFails), {
  goals: nearFloor('a call that succeeds', nothingFails, [
    '`policy.run(operation)`',
    '`retry(operation, { maxAttempts: 3 })`',
  ]),
})

const { signal } = new AbortController()
const timed = createRetry({ attemptTimeoutMs: 30_000 })
const cockatielTimeout = timeout(30_000, TimeoutStrategy.Cooperative)

const interruptible = await measure(
  {
    'bare await': bareAwait,
    '`policy.run(operation, { signal })`': async (times) => {
      for (let call = 0; call < times; call++) await policy.run(operation, { signal })
    },
    'p-retry 9, `pRetry(operation, { signal })`': async (times) => {
      for (let call = 0; call < times; call++) await pRetry(operation, { signal })
    },
    '`createRetry({ attemptTimeoutMs }).run(operation)`': async (times) => {
      for (let call = 0; call < times; call++) await timed.run(operation)
    },
    'cockatiel 4, `timeout(ms, cooperative).execute(operation)`': async (times) => {
      for (let call = 0; call < times; call++) await cockatielTimeout.execute(operation)
    },
  },
  { times: 2_000 },
)
publish('retry interruptible', measurementTable('a call that can be interrupted', interruptible))

publish('retry sizes', await sizeTable(IMPORTS.retry))
