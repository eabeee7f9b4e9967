import { expect, it } from 'vitest'
import { expectCalm } from '../test/storm/expect-calm.ts'
import { storm } from '../test/storm/storm.ts'

/** `HARBOR_SOAK_STORM_MS=60000 pnpm soak` makes a shorter one. */
const DURATION_MS = Number(process.env['HARBOR_SOAK_STORM_MS'] ?? 600_000)

it(`a storm of ${DURATION_MS / 1_000} s leaves nothing broken, mixed up, leaked or overspent`, async () => {
  const report = await storm({ until: { ms: DURATION_MS }, seed: Number(process.env['SEED'] ?? 1) })
  console.log(report)
  expectCalm(report)
  expect(report.heapMegabytes.late - report.heapMegabytes.early).toBeLessThan(8)
})
