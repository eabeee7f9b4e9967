/**
 * A million calls with all policies on: the remaining heap, and the latency over time. `pnpm soak` asserts on the heap of the same run.
 *
 *     pnpm bench soak                              minutes
 *     HARBOR_SOAK_CALLS=100000 pnpm bench soak     fewer calls
 */
import { manyCalls, type Reading } from '../packages/core/test/helpers/many-calls.ts'
import { publish } from './publish.ts'
import { figures, inWords, tableOf } from './table.ts'

const CALLS = Number(process.env['HARBOR_SOAK_CALLS'] ?? 1_000_000)
const WARM_UP = 10_000
const EVERY = 50_000

const marks = Array.from({ length: Math.ceil(CALLS / EVERY) }, (_, at) => Math.min(CALLS, (at + 1) * EVERY))
const readings: Reading[] = []
for await (const reading of manyCalls([WARM_UP, ...marks])) {
  readings.push(reading)
  console.error(`${inWords(reading.calls)} calls: heap ${inWords(reading.heapMegabytes, 2)} MB`)
}

const column = (digits: number, of: (reading: Reading) => number) => figures(digits, readings.map(of))
const heap = readings.map(({ heapMegabytes }) => heapMegabytes)
publish(
  'soak',
  tableOf({
    'all policies armed, 64 at once, after': readings.map(({ calls }) => `${inWords(calls)} calls`),
    'heap, MB': column(2, ({ heapMegabytes }) => heapMegabytes),
    'p50, ms': column(1, ({ p50Ms }) => p50Ms),
    'p99, ms': column(1, ({ p99Ms }) => p99Ms),
    'calls per second': column(0, ({ perSecond }) => perSecond),
  }),
  {
    goals: [
      {
        of: `heap after ${inWords(CALLS)} calls, minus the heap after ${inWords(WARM_UP)}`,
        got: (heap.at(-1) ?? NaN) - (heap[0] ?? NaN),
        atMost: 2,
        unit: 'MB',
        digits: 2,
      },
    ],
  },
)
