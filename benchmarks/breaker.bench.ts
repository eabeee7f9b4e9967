/**
 * The cost of `@harbor/breaker` for a call, a refusal and a breaker, compared with a bare await, a bare throw and other libraries,
 * alternating in one process.
 *
 *     node --expose-gc --conditions=@harbor/source benchmarks/breaker.bench.ts
 */
import { CircuitBreaker, consecutive, countWindow, createBreakerRegistry, timeWindow } from '@harbor/breaker'
import { circuitBreaker, ConsecutiveBreaker, handleAll, SamplingBreaker } from 'cockatiel'
import Opossum from 'opossum'
import { IMPORTS, sizeTable } from './bundle-size.ts'
import { FLOOR, floorOf, nearFloor } from './floor.ts'
import { measure, measurementTable, type Subject } from './measure.ts'
import { publish } from './publish.ts'
import { figures, tableOf } from './table.ts'

const operation = async (): Promise<number> => 1
const nothing = (): void => undefined
const failure = new Error('down')
const failing = async (): Promise<number> => {
  throw failure
}

const inTime = timeWindow({ durationMs: 10_000, failureRatio: 0.5 })
const slowInTime = timeWindow({
  durationMs: 10_000,
  failureRatio: 0.5,
  slowCallMs: 5_000,
  slowCallRatio: 0.5,
})
const breakers = {
  consecutive: new CircuitBreaker({ trip: consecutive(3) }),
  count: new CircuitBreaker({ trip: countWindow({ size: 100, failureRatio: 0.5 }) }),
  time: new CircuitBreaker({ trip: inTime }),
  slow: new CircuitBreaker({ trip: slowInTime }),
}
const halfOpenAfter = 30_000
const cockatiel = {
  consecutive: circuitBreaker(handleAll, { halfOpenAfter, breaker: new ConsecutiveBreaker(3) }),
  sampling: circuitBreaker(handleAll, {
    halfOpenAfter,
    breaker: new SamplingBreaker({ threshold: 0.5, duration: 10_000 }),
  }),
}
const opossum = new Opossum(operation, { timeout: false })

// Each subject has its own loop: a shared loop would call through a pointer, which slows down the fastest subject the most.
const closed = await measure({
  'bare await': (async (times) => {
    for (let call = 0; call < times; call++) await operation()
  }) satisfies Subject,
  // Part of every call that needs the time. How slow it is depends on the machine.
  'one reading of the clock': async (times) => {
    let sum = 0
    for (let call = 0; call < times; call++) sum += performance.now()
    return sum
  },
  [FLOOR]: floorOf(operation),
  // The minimum for a breaker that observes how a call ends and returns its promise.
  'bare await of a promise with an observer': async (times) => {
    for (let call = 0; call < times; call++) {
      const promise = operation()
      promise.then(nothing, nothing)
      await promise
    }
  },
  '`consecutive(3)`': async (times) => {
    for (let call = 0; call < times; call++) await breakers.consecutive.run(operation)
  },
  '`countWindow`': async (times) => {
    for (let call = 0; call < times; call++) await breakers.count.run(operation)
  },
  '`timeWindow`': async (times) => {
    for (let call = 0; call < times; call++) await breakers.time.run(operation)
  },
  '`timeWindow` with `slowCallMs`': async (times) => {
    for (let call = 0; call < times; call++) await breakers.slow.run(operation)
  },
  '`timeWindow`, by permit': async (times) => {
    for (let call = 0; call < times; call++) {
      const permit = breakers.time.acquire()
      await operation()
      permit.succeed()
    }
  },
  'cockatiel 4, `ConsecutiveBreaker`': async (times) => {
    for (let call = 0; call < times; call++) await cockatiel.consecutive.execute(operation)
  },
  'cockatiel 4, `SamplingBreaker`': async (times) => {
    for (let call = 0; call < times; call++) await cockatiel.sampling.execute(operation)
  },
  'opossum 10, timeout off': async (times) => {
    for (let call = 0; call < times; call++) await opossum.fire()
  },
})
publish('breaker', measurementTable('a call that succeeds', closed), {
  goals: nearFloor('a call that succeeds', closed, ['`timeWindow`']),
})

const open = new CircuitBreaker({ trip: consecutive(1) })
await open.run(failing).catch(() => undefined)
const openCockatiel = circuitBreaker(handleAll, { halfOpenAfter, breaker: new ConsecutiveBreaker(1) })
await openCockatiel.execute(failing).catch(() => undefined)
const openOpossum = new Opossum(operation)
openOpossum.open()

async function swallow(times: number, call: () => Promise<unknown>): Promise<void> {
  for (let made = 0; made < times; made++) {
    try {
      await call()
    } catch {
      // Only the throw is measured.
    }
  }
}
const throwing = async (): Promise<number> => {
  throw new Error('refused')
}
const refusals = await measure(
  {
    'bare throw of a new error': (times) => swallow(times, throwing),
    '`run(operation)`': (times) => swallow(times, () => open.run(operation)),
    'cockatiel 4': (times) => swallow(times, () => openCockatiel.execute(operation)),
    'opossum 10': (times) => swallow(times, () => openOpossum.fire()),
  },
  { times: 2_000 },
)
publish('breaker open', measurementTable('a call that is refused', refusals))

const registry = createBreakerRegistry({ trip: inTime }, { maxKeys: 10_000 })
const makes: Record<string, (name: string) => unknown> = {
  '`new CircuitBreaker()`': () => new CircuitBreaker(),
  '`new CircuitBreaker({ trip: timeWindow })`': () => new CircuitBreaker({ trip: inTime }),
  '`registry.get(key)`, `timeWindow`': (key) => registry.get(key),
  'cockatiel 4, `SamplingBreaker`': () =>
    circuitBreaker(handleAll, {
      halfOpenAfter,
      breaker: new SamplingBreaker({ threshold: 0.5, duration: 10_000 }),
    }),
}
publish(
  'breaker memory',
  tableOf({
    object: Object.keys(makes),
    'bytes retained': figures(0, Object.values(makes).map(bytesKept)),
  }),
)

function bytesKept(make: (name: string) => unknown): number {
  const all = new Array<unknown>(5_000)
  globalThis.gc?.()
  const before = process.memoryUsage().heapUsed
  for (let index = 0; index < all.length; index++) all[index] = make(String(index))
  globalThis.gc?.()
  return (process.memoryUsage().heapUsed - before) / all.length
}

publish('breaker sizes', await sizeTable(IMPORTS.breaker))
openOpossum.shutdown()
opossum.shutdown()
