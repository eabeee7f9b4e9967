/**
 * A JSON call through the whole client: Harbor compared with the plain SDK, the SDK on a faster fetch, and the Vercel AI SDK. The
 * server answers at once or after 20 ms, to 1, 16 and 64 concurrent callers.
 *
 *     pnpm bench call
 */
import { addedUs, callTable, compareCalls, ratios, type Comparison } from './calls.ts'
import { AI_SDK, ALL, json, ON_POOL, onePolicy, OPENAI } from './clients.ts'
import { startInstantProvider } from './instant-provider.ts'
import { publish } from './publish.ts'
import { median } from './table.ts'

/** Calls per round: at most a second for the slowest subject. */
const CALLS: Record<number, Record<number, number>> = {
  0: { 1: 500, 16: 1_000, 64: 3_000 },
  20: { 1: 15, 16: 256, 64: 768 },
}
const WARM_UP = 24_000

const matrix = new Map<string, Comparison>()
for (const [delayMs, rounds] of Object.entries(CALLS)) {
  const provider = await startInstantProvider(Number(delayMs))
  for (const [atOnce, calls] of Object.entries(rounds)) {
    const title = `JSON of 1 KB, ${delayMs} ms, ${atOnce} at once`
    const load = { title, atOnce: Number(atOnce), calls, warmUp: WARM_UP }
    matrix.set(`${delayMs} ${atOnce}`, await compareCalls(load, json, provider.baseURL))
  }
  provider.close()
}

const busy = matrix.get('0 64')
if (!busy) throw new Error('the busiest was not measured')
matrix.delete('0 64')
const cpu = (yardstick: string): number => median(ratios(busy, 'cpuUs', ALL, yardstick))
publish('call', callTable(busy, { latency: true }), {
  goals: [
    {
      of: 'calls per second, 64 at once, all policies armed, vs. `openai`',
      got: median(ratios(busy, 'perSecond', ALL, OPENAI)),
      atLeast: 1.8,
      aim: 2.5,
      unit: '×',
      digits: 2,
    },
    {
      of: 'CPU per call, all policies armed, vs. `openai`',
      got: cpu(OPENAI),
      atMost: 0.6,
      aim: 0.4,
      unit: '×',
      digits: 2,
    },
    {
      of: "CPU per call, all policies armed, vs. the AI SDK's `generateText`",
      got: cpu(AI_SDK),
      atMost: 0.5,
      unit: '×',
      digits: 2,
    },
    {
      of: 'CPU that all policies add to a call of `openai` on `pool.fetch`',
      got: addedUs(busy, ALL, ON_POOL),
      atMost: 25,
      unit: 'µs',
      digits: 0,
    },
  ],
})
publish(
  'call matrix',
  [...matrix.values()].map((comparison) => callTable(comparison, { latency: true })),
)

const provider = await startInstantProvider()
const one = await compareCalls(
  { title: 'one policy at a time, 0 ms, 64 at once', atOnce: 64, calls: 3_000, warmUp: WARM_UP },
  onePolicy,
  provider.baseURL,
)
provider.close()
publish('call policies', callTable(one))
