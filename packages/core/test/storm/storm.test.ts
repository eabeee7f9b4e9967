import { expect, it } from 'vitest'
import { storm } from './storm.ts'

it('64 callers over every feature, with odd answers mixed in, leave nothing broken, mixed up, leaked or overspent', async () => {
  const { wrong, strange, unhandled, opened, held, limited, ...counts } = await storm({
    durationMs: 30_000,
    seed: 7,
  })
  expect({ wrong, strange, unhandled, opened, held }).toEqual({
    wrong: [],
    strange: [],
    unhandled: [],
    opened: [],
    held: [],
  })
  expect(limited.chargedUsd).toBeLessThanOrEqual(limited.limitUsd)
  expect(limited.spentUsd).toBeLessThanOrEqual(limited.limitUsd)
  expect(limited.refused).toBeGreaterThan(0)
  expect(counts.answered).toBeGreaterThan(counts.calls / 3)
}, 120_000)
