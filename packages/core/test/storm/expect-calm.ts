import { expect } from 'vitest'
import type { StormReport } from './storm.ts'

/** That a storm left nothing broken, mixed up, held or overspent, and no circuit of a healthy provider open. */
export function expectCalm({ wrong, strange, unhandled, opened, held, limited }: StormReport): void {
  const nothing = { wrong: [], strange: [], unhandled: [], opened: [], held: [] }
  expect({ wrong, strange, unhandled, opened, held }).toEqual(nothing)
  expect(limited.chargedUsd).toBeLessThanOrEqual(limited.limitUsd)
  expect(limited.spentUsd).toBeLessThanOrEqual(limited.limitUsd)
}
