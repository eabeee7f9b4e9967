import fc from 'fast-check'
import { encode } from 'gpt-tokenizer/encoding/o200k_base'
import { describe, expect, it } from 'vitest'
import { CODE_AND_DATA, PROSE } from './sample-texts.ts'
import { TextTokens, textTokens } from './text-tokens.ts'

const tokensOf = (text: string): number => encode(text).length
const some = <T>(values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values)

describe('textTokens', () => {
  it.each(Object.entries(PROSE))('is at least 0.9 and at most 2.5 times what o200k counts: %s', (_, text) => {
    const ratio = textTokens(text) / tokensOf(text)
    expect(ratio).toBeGreaterThanOrEqual(0.9)
    expect(ratio).toBeLessThanOrEqual(2.5)
  })

  it.each(Object.entries(CODE_AND_DATA))('is at least 0.9 times what o200k counts: %s', (_, text) => {
    expect(textTokens(text) / tokensOf(text)).toBeGreaterThanOrEqual(0.9)
  })

  it('holds for any mixture of languages, code and data', () => {
    const texts = [...Object.values(PROSE), ...Object.values(CODE_AND_DATA)]
    const mixture = fc.array(some(texts), { minLength: 1, maxLength: 6 }).map((chosen) => chosen.join('\n'))
    fc.assert(
      fc.property(mixture, (text) => {
        expect(textTokens(text)).toBeGreaterThanOrEqual(0.9 * tokensOf(text))
      }),
    )
  })

  it('holds for prose in any order of its words', () => {
    const words = fc
      .tuple(some(Object.values(PROSE)), fc.infiniteStream(fc.nat()))
      .map(([text, seeds]) => ({ list: text.split(' '), seeds }))
    fc.assert(
      fc.property(words, ({ list, seeds }) => {
        const order = list.map((word) => ({ word, seed: seeds.next().value as number }))
        const text = order
          .sort((a, b) => a.seed - b.seed)
          .map(({ word }) => word)
          .join(' ')
        const tokens = tokensOf(text)
        expect(textTokens(text)).toBeGreaterThanOrEqual(0.9 * tokens)
        expect(textTokens(text)).toBeLessThanOrEqual(2.5 * tokens)
      }),
    )
  })

  it.each([
    ['hex', '0123456789abcdef'],
    ['digits', '0123456789'],
    ['base64', 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'],
    ['capitals and digits', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'],
    ['signs', '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~'],
    ['JSON of numbers', '[]{},:.-0123456789"'],
    ['all of ASCII', Array.from({ length: 95 }, (_, at) => String.fromCharCode(32 + at)).join('')],
  ])('holds for random %s', (_, alphabet) => {
    const text = fc
      .array(some(Array.from(alphabet)), { minLength: 100, maxLength: 400 })
      .map((all) => all.join(''))
    fc.assert(
      fc.property(text, (random) => {
        expect(textTokens(random)).toBeGreaterThanOrEqual(0.9 * tokensOf(random))
      }),
      { seed: 7 },
    )
  })

  it('counts a text in pieces as it counts it whole', () => {
    fc.assert(
      fc.property(
        some(Object.values({ ...PROSE, ...CODE_AND_DATA })),
        fc.nat(),
        fc.nat(),
        (text, one, other) => {
          const tokens = new TextTokens()
          const [from = 0, to = 0] = [one % text.length, other % text.length].sort((a, b) => a - b)
          for (const piece of [text.slice(0, from), text.slice(from, to), text.slice(to)]) tokens.add(piece)
          expect(tokens.count).toBe(textTokens(text))
        },
      ),
    )
  })
})
