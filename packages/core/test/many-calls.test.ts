import { expect, it } from 'vitest'
import { manyCalls, type Reading } from './helpers/many-calls.ts'

// A million in soak/million-calls.soak.ts.
it('what calls leave behind with every policy on does not grow with them', async () => {
  const [warmUp, calls] = [2_000, 6_000]
  const readings: Reading[] = []
  for await (const reading of manyCalls([warmUp, calls])) readings.push(reading)
  const [before, after] = readings.map(({ heapMegabytes }) => heapMegabytes)
  // Less than a receipt for each call.
  expect((after ?? NaN) - (before ?? NaN)).toBeLessThan(1)
})
