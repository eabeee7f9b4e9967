/**
 * The cost of `@harbor/fallback` for a call that succeeds and for a failover, compared with a bare await and cockatiel, alternating
 * in one process.
 *
 *     node --expose-gc --conditions=@harbor/source benchmarks/fallback.bench.ts
 */
import { fallback, FallbackChain, fastest } from '@harbor/fallback'
import { fallback as cockatielFallback, handleAll } from 'cockatiel'
import { IMPORTS, sizeTable } from './bundle-size.ts'
import { chainFloorOf, FLOOR, FLOOR_OF_CHAIN, floorOf, nearFloor } from './floor.ts'
import { measure, measurementTable, type Subject } from './measure.ts'
import { publish } from './publish.ts'

const KIND = 'a call whose first target answers'

const operation = async (): Promise<number> => 1
const failure = Object.assign(new Error('down'), { status: 503 })
const failing = async (): Promise<number> => {
  throw failure
}

const answerOf = (value: number): object => ({ value })

const targets = [{ name: 'primary' }, { name: 'second' }]
const chain = new FallbackChain({ targets })
const ordered = new FallbackChain({ targets, order: fastest() })
const hedged = new FallbackChain({ targets, hedge: { afterMs: 1_000 } })
const { signal } = new AbortController()
const cockatiel = cockatielFallback(handleAll, operation)

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
  [FLOOR_OF_CHAIN]: chainFloorOf(operation),
  // The minimum for a fallback that returns more than the value, or continues after an error.
  'bare await of a `then`': async (times) => {
    for (let call = 0; call < times; call++) await operation().then(answerOf)
  },
  '`chain.run(operation)`': async (times) => {
    for (let call = 0; call < times; call++) await chain.run(operation)
  },
  '`chain.run(operation, { signal })`': async (times) => {
    for (let call = 0; call < times; call++) await chain.run(operation, { signal })
  },
  '`chain.run(operation)`, `fastest()`': async (times) => {
    for (let call = 0; call < times; call++) await ordered.run(operation)
  },
  '`chain.run(operation)`, hedging': async (times) => {
    for (let call = 0; call < times; call++) await hedged.run(operation)
  },
  '`fallback([operation, operation])`': async (times) => {
    for (let call = 0; call < times; call++) await fallback([operation, operation])
  },
  'cockatiel 4, `fallback(handleAll, operation)`': async (times) => {
    for (let call = 0; call < times; call++) await cockatiel.execute(operation)
  },
})
publish('fallback', measurementTable(KIND, nothingFails), {
  goals: [
    ...nearFloor(KIND, nothingFails, ['`fallback([operation, operation])`']),
    ...nearFloor(KIND, nothingFails, ['`chain.run(operation)`'], FLOOR_OF_CHAIN),
  ],
})

const failingOver = new FallbackChain({ targets, isAvailable: () => true })
const failovers = await measure(
  {
    'bare try, await, catch, await': async (times) => {
      for (let call = 0; call < times; call++) {
        try {
          await failing()
        } catch {
          await operation()
        }
      }
    },
    '`chain.run(operation)`': async (times) => {
      for (let call = 0; call < times; call++) {
        await failingOver.run(({ name }) => (name === 'primary' ? failing() : operation()))
      }
    },
    '`fallback([failing, operation])`': async (times) => {
      for (let call = 0; call < times; call++) await fallback([failing, operation])
    },
    'cockatiel 4, `fallback(handleAll, operation)`': async (times) => {
      for (let call = 0; call < times; call++) await cockatiel.execute(failing)
    },
  },
  { times: 2_000 },
)
publish('fallback failover', measurementTable('a call whose second target answers', failovers))

publish('fallback sizes', await sizeTable(IMPORTS.fallback))
