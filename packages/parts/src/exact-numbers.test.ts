import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseExactly } from './exact-numbers.ts'

describe('parseExactly', () => {
  it.each([
    '1234567890123456789',
    '-9007199254740993',
    '18446744073709551615',
    '1e400',
    '-1E+400',
    '12345678901234567.5',
    '12345678901.234567890',
    '{"a":[{"id":1234567890123456789,"n":12}],"b":"1234567890123456789"}',
  ])('keeps the digits of %s', (text) => {
    expect(JSON.stringify(parseExactly(text))).toBe(text)
  })

  it('gives the values of JSON.parse for all that JavaScript can hold', () => {
    fc.assert(
      fc.property(
        fc.json().map((text) => JSON.stringify(JSON.parse(text))),
        (text) => {
          expect(parseExactly(text)).toEqual(JSON.parse(text))
        },
      ),
    )
    for (const text of ['9007199254740991', '0.1234567890123456', '"1234567890123456789"', '1e-400'])
      expect(parseExactly(text)).toBe(JSON.parse(text))
  })

  it('writes every integer as it was', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n }), (integer) => {
        const text = `{"list":[${integer}]}`
        expect(JSON.stringify(parseExactly(text))).toBe(text)
      }),
    )
  })

  it('throws a SyntaxError for what is not JSON', () => {
    expect(() => parseExactly('{')).toThrow(SyntaxError)
    expect(() => parseExactly('12345678901234567890}')).toThrow(SyntaxError)
  })
})
