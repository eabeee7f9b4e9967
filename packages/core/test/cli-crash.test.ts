import { expect, it } from 'vitest'
import { CONCURRENCY, crashAndResume, seeded } from './helpers/cli-crash.ts'
import { Bench } from './helpers/cli-process.ts'

// 50 times over 20,000 in soak/bulk-crash.soak.ts.
it.each([
  [3, 500],
  [10, 3_000],
])(
  'harbor bulk, killed at %i random moments over %i prompts and resumed, writes one line for each, as an unkilled run does',
  async (times, items) => {
    const bench = await Bench.with([], { latency: { min: 1, max: 8 } })
    const { kills, repeated, output, expected } = await crashAndResume(bench, items, times, seeded(items))
    expect(kills).toBe(times)
    expect(output).toHaveLength(items)
    expect(output).toEqual(expected)
    expect(repeated).toBeLessThanOrEqual(kills * CONCURRENCY)
  },
)
