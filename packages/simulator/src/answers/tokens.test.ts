import fc from 'fast-check'
import { expect, it } from 'vitest'
import { estimateTokens, tokenise } from './tokens.ts'

it('loses no character of a text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      expect(tokenise(text).join('')).toBe(text)
    }),
  )
})

it('splits words, numbers, signs and Han characters like a model', () => {
  expect(tokenise('The naïve café, in 12345.')).toEqual([
    'The',
    ' naïve',
    ' café',
    ',',
    ' in',
    ' 123',
    '45',
    '.',
  ])
  expect(tokenise('避风港 港')).toEqual(['避', '风', '港', ' 港'])
})

it('estimates four bytes per token', () => {
  expect(estimateTokens('')).toBe(0)
  expect(estimateTokens('harbour')).toBe(2)
})
