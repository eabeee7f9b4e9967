import { expect, it } from 'vitest'
import { expectCalm } from './expect-calm.ts'
import { storm } from './storm.ts'

it('64 callers over every feature, with odd answers mixed in, leave nothing broken, mixed up, leaked or overspent', async () => {
  const report = await storm({ until: { calls: 12_000 }, seed: 7 })
  expectCalm(report)
  expect(report.limited.refused).toBeGreaterThan(0)
  expect(report.answered).toBeGreaterThan(report.calls / 3)
}, 900_000)
