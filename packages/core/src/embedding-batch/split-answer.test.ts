import fc from 'fast-check'
import { expect, it } from 'vitest'
import { shareTokens } from './split-answer.ts'

it('gives whole parts that add up, each less than one away from its due', () => {
  const sizes = fc.array(fc.nat(10_000), { minLength: 1, maxLength: 200 })
  fc.assert(
    fc.property(fc.nat(1_000_000), sizes, (total, given) => {
      const shares = shareTokens(total, given)
      const sum = given.reduce((all, size) => all + size, 0)
      expect(shares.reduce((all, share) => all + share, 0)).toBe(total)
      for (const [place, share] of shares.entries()) {
        expect(Number.isInteger(share)).toBe(true)
        const due = sum === 0 ? total / given.length : (total * (given[place] ?? 0)) / sum
        expect(Math.abs(share - due)).toBeLessThan(1 + 1e-6)
      }
    }),
  )
})
