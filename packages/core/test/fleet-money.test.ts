import { APIConnectionTimeoutError, APIUserAbortError } from 'openai'
import { describe, expect, it, onTestFinished } from 'vitest'
import { receiptOf, type Fleet, type FleetMoney, type FleetOutcome } from '../src/index.ts'
import { harborFor, HELLO } from './helpers/harbor-for.ts'
import { laterMoney } from './helpers/later-money.ts'
import { startSimulator } from '@harbor/simulator'

const SETTINGS = {
  models: { 'gpt-4': { price: { inputPerMillion: 0, outputPerMillion: 0, perRequest: 1 } } },
  spendLimit: { usd: 3, per: 'total' },
  maxRetries: 0,
} as const

/** A fleet that never decides, and counts how many calls have given up. */
function silent(): Fleet & { cancelled: number } {
  const money: FleetMoney = {
    reserve: () => ({
      outcome: new Promise<FleetOutcome>(() => undefined),
      cancel: () => fleet.cancelled++,
    }),
    state: ({ usd }) => ({ usedUsd: 0, reservedUsd: 0, leftUsd: usd, untilMs: Infinity }),
    values: () => [],
  }
  const fleet = {
    cancelled: 0,
    join: () => ({
      share: ['spend'],
      money,
      stats: () => ({ members: 1, degraded: false, roundTrips: 0, lastError: undefined }),
      close: () => Promise.resolve(),
    }),
  }
  return fleet
}

describe('a call that waits for the money of a fleet', () => {
  it('ends at its timeout, and gives up the reservation', async () => {
    const simulator = await startSimulator()
    onTestFinished(() => simulator.close())
    const fleet = silent()
    const harbor = harborFor(simulator.provider(), { ...SETTINGS, fleet })
    const error: unknown = await harbor.chat.completions
      .create(HELLO, { timeout: 60 })
      .catch((e: unknown) => e)
    expect(error).toBeInstanceOf(APIConnectionTimeoutError)
    expect(fleet.cancelled).toBe(1)
    expect(receiptOf(error)?.waits).toMatchObject([{ reason: 'limit' }])
    expect(simulator.provider().counts().calls).toBe(0)
  })

  it('ends when its caller aborts it, and gives up the reservation', async () => {
    const simulator = await startSimulator()
    onTestFinished(() => simulator.close())
    const fleet = silent()
    const harbor = harborFor(simulator.provider(), { ...SETTINGS, fleet })
    const leaving = new AbortController()
    const call = harbor.chat.completions.create(HELLO, { signal: leaving.signal })
    setTimeout(() => leaving.abort(), 20)
    await expect(call).rejects.toBeInstanceOf(APIUserAbortError)
    expect(fleet.cancelled).toBe(1)
  })

  it('is refused with what is left for all', async () => {
    const simulator = await startSimulator()
    onTestFinished(() => simulator.close())
    const fleet = laterMoney()
    const members = [0, 1].map(() => harborFor(simulator.provider(), { ...SETTINGS, fleet }))
    const results = await Promise.allSettled(
      members.flatMap((harbor) => Array.from({ length: 4 }, () => harbor.chat.completions.create(HELLO))),
    )
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(3)
    const refused = results.find((each) => each.status === 'rejected')?.reason as Error
    expect(refused).toMatchObject({ status: 402, code: 'spend_limit' })
    expect(refused.message).toContain('$0.000000 of the spendLimit is left')
    expect(members.map((harbor) => harbor.spend()[0]?.usedUsd)).toEqual([3, 3])
  })
})
