import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { IdIndex } from './id-index.ts'

describe('an index of ids', () => {
  it('keeps the first value of each id, whatever the ids are made of', () => {
    const id = fc.oneof(
      fc.string({ maxLength: 4 }),
      fc.string({ unit: 'binary', maxLength: 4 }),
      fc
        .array(fc.constantFrom('a', 'ÿ', 'Ā', '\ud800', '\udc00', '\ufffd', '🚢'))
        .map((parts) => parts.join('')),
    )
    fc.assert(
      fc.property(fc.array(id, { maxLength: 300 }), (ids) => {
        const index = new IdIndex()
        const model = new Map<string, number>()
        for (const [at, each] of ids.entries()) {
          expect(index.get(each)).toBe(model.get(each))
          expect(index.add(each, at)).toBe(model.get(each))
          if (!model.has(each)) model.set(each, at)
        }
        expect(index.size).toBe(model.size)
        for (const [each, at] of model) expect(index.get(each)).toBe(at)
      }),
    )
  })

  it('grows, and keeps ids that are larger than its blocks', () => {
    const index = new IdIndex()
    const long = 'x'.repeat(70_000)
    index.add(long, 7)
    for (let at = 0; at < 50_000; at++) index.add(`id-${at}`, at)
    index.add(`${long}x`, 8)
    for (let at = 0; at < 50_000; at++) expect(index.get(`id-${at}`)).toBe(at)
    expect([index.get(long), index.get(`${long}x`), index.size]).toEqual([7, 8, 50_002])
  })

  it('never takes two ids for one, even if their hashes are the same', () => {
    const index = new IdIndex()
    // FNV-1a gives these pairs one hash each.
    const twins = ['costarring', 'liquid', 'declinate', 'macallums', 'altarage', 'zinke']
    for (const [at, id] of twins.entries()) expect(index.add(id, at)).toBeUndefined()
    expect(twins.map((id) => index.get(id))).toEqual([0, 1, 2, 3, 4, 5])
    expect(index.size).toBe(6)
  })

  it('keeps values as large as the places in a file', () => {
    const index = new IdIndex()
    index.add('', 2 ** 52)
    expect(index.get('')).toBe(2 ** 52)
  })
})
