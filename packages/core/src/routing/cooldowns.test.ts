import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Cooldowns } from './cooldowns.ts'

describe('a rest', () => {
  it('lasts as long as the longest that was noted, and never more than a day', () => {
    const rests = fc.array(fc.record({ at: fc.nat(1_000), ms: fc.nat(200_000_000) }), { minLength: 1 })
    fc.assert(
      fc.property(rests, (noted) => {
        const cooldowns = new Cooldowns()
        for (const { at, ms } of noted) cooldowns.rest('key', ms, at)
        const until = Math.max(...noted.map(({ at, ms }) => at + Math.min(ms, 86_400_000)))
        expect(cooldowns.until('key', until - 1)).toBe(until)
        expect(cooldowns.until('key', until)).toBe(0)
      }),
    )
  })

  it('is of its own key alone', () => {
    const cooldowns = new Cooldowns()
    cooldowns.rest('one', 100, 0)
    expect(cooldowns.until('other', 0)).toBe(0)
  })

  it('that was known before does not count for a call with nowhere else to go, and one noted again does', () => {
    const cooldowns = new Cooldowns()
    cooldowns.rest('key', 100, 0)
    const before = cooldowns.noted
    expect(cooldowns.until('key', 1, before)).toBe(0)
    cooldowns.rest('key', 50, 1)
    expect(cooldowns.until('key', 1, before)).toBe(100)
  })

  it('costs nothing to look for once it is over', () => {
    const cooldowns = new Cooldowns()
    cooldowns.rest('key', 100, 0)
    expect(cooldowns.empty).toBe(false)
    cooldowns.until('key', 100)
    expect(cooldowns.empty).toBe(true)
  })

  it('makes room for a new one beyond a thousand: those that are over go first, then the oldest', () => {
    const cooldowns = new Cooldowns()
    for (let number = 0; number < 1_000; number++) cooldowns.rest(`${number}`, number === 5 ? 10 : 100, 0)
    cooldowns.rest('in the place of what is over', 100, 20)
    expect(cooldowns.until('0', 20)).toBe(100)
    cooldowns.rest('in the place of the oldest', 100, 20)
    expect(cooldowns.until('0', 20)).toBe(0)
    expect(cooldowns.until('in the place of the oldest', 20)).toBe(120)
  })
})
