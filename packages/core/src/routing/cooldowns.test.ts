import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Cooldowns } from './cooldowns.ts'

describe('a cooldown', () => {
  it('lasts as long as the longest that was started for its key, and at most a day', () => {
    const starts = fc.array(fc.record({ at: fc.nat(1_000), ms: fc.nat(200_000_000) }), { minLength: 1 })
    fc.assert(
      fc.property(starts, (started) => {
        const cooldowns = new Cooldowns()
        for (const { at, ms } of started) cooldowns.start('key', ms, at)
        const until = Math.max(...started.map(({ at, ms }) => at + Math.min(ms, 86_400_000)))
        expect(cooldowns.until('key', until - 1)).toBe(until)
        expect(cooldowns.until('key', until)).toBe(0)
      }),
    )
  })

  it('affects its own key only', () => {
    const cooldowns = new Cooldowns()
    cooldowns.start('one', 100, 0)
    expect(cooldowns.until('other', 0)).toBe(0)
  })

  it('is ignored by a call without other targets if it was started before, unless it is started again', () => {
    const cooldowns = new Cooldowns()
    cooldowns.start('key', 100, 0)
    const before = cooldowns.started
    expect(cooldowns.until('key', 1, before)).toBe(0)
    cooldowns.start('key', 50, 1)
    expect(cooldowns.until('key', 1, before)).toBe(100)
  })

  it('is dropped once it is over', () => {
    const cooldowns = new Cooldowns()
    cooldowns.start('key', 100, 0)
    expect(cooldowns.isEmpty).toBe(false)
    cooldowns.until('key', 100)
    expect(cooldowns.isEmpty).toBe(true)
  })

  it('replaces one that is over, or else the oldest, when there are a thousand', () => {
    const cooldowns = new Cooldowns()
    for (let number = 0; number < 1_000; number++) cooldowns.start(`${number}`, number === 5 ? 10 : 100, 0)
    cooldowns.start('instead of the one that is over', 100, 20)
    expect(cooldowns.until('0', 20)).toBe(100)
    cooldowns.start('instead of the oldest', 100, 20)
    expect(cooldowns.until('0', 20)).toBe(0)
    expect(cooldowns.until('instead of the oldest', 20)).toBe(120)
  })
})
