import { describe, expect, it } from 'vitest'
import { TierCooldowns } from './tier-cooldowns.ts'

describe('TierCooldowns', () => {
  it('doubles the cooldown with each refusal up to a minute, and begins again after an answer', () => {
    const tiers = new TierCooldowns()
    const refusals = Array.from({ length: 8 }, () => tiers.refused('flex', 0))
    expect(refusals).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000])
    tiers.answered('flex')
    expect(tiers.isEmpty).toBe(true)
    expect(tiers.refused('flex', 0)).toBe(1_000)
  })

  it('takes the longer one of its own cooldown and the requested one', () => {
    const tiers = new TierCooldowns()
    expect([tiers.refused('flex', 90_000), tiers.refused('flex', 500)]).toEqual([90_000, 2_000])
  })

  it('lets one call test a tier that has refused, for a limited time', () => {
    const tiers = new TierCooldowns()
    tiers.sending('flex', 0)
    expect(tiers.testedForMs('flex', 0)).toBe(0)
    tiers.refused('flex', 0)
    tiers.sending('flex', 1_000)
    expect([tiers.testedForMs('flex', 1_000), tiers.testedForMs('flex', 6_000)]).toEqual([5_000, 0])
    tiers.refused('flex', 0)
    expect(tiers.testedForMs('flex', 1_000)).toBe(0)
  })

  it('counts at most 1,000 tiers', () => {
    const tiers = new TierCooldowns()
    for (let n = 0; n <= 1_000; n++) tiers.refused(`tier ${n}`, 0)
    expect([tiers.refused('tier 0', 0), tiers.refused('tier 1000', 0)]).toEqual([1_000, 2_000])
  })
})
