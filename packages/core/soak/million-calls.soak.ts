import { expect, it } from 'vitest'
import { manyCalls, type Reading } from '../test/helpers/many-calls.ts'

/** `HARBOR_SOAK_CALLS=100000 pnpm soak` makes fewer. */
const CALLS = Number(process.env['HARBOR_SOAK_CALLS'] ?? 1_000_000)
const WARM_UP = Math.min(10_000, CALLS / 2)
const EVERY = 50_000

it(`the heap after ${CALLS} calls with every policy at work is at most 2 MB larger than after ${WARM_UP}`, async () => {
  const marks = Array.from({ length: Math.ceil(CALLS / EVERY) }, (_, at) => Math.min(CALLS, (at + 1) * EVERY))
  const readings: Reading[] = []
  for await (const reading of manyCalls([WARM_UP, ...marks])) {
    readings.push(reading)
    const { calls, heapMegabytes, p50Ms, p99Ms, perSecond } = reading
    console.log(
      `${calls} calls: heap ${heapMegabytes.toFixed(2)} MB, p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms, ${perSecond.toFixed(0)} a second`,
    )
  }
  const [before, after] = [readings[0], readings.at(-1)]
  expect(after?.calls).toBe(CALLS)
  expect((after?.heapMegabytes ?? NaN) - (before?.heapMegabytes ?? NaN)).toBeLessThanOrEqual(2)
})
