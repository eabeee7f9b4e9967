import fc from 'fast-check'
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { sha256, sha256InJavaScript } from './sha256.ts'

describe('sha256', () => {
  it('gives the same digest in JavaScript as in Node, for texts of any length', () => {
    const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 400 }), fc.string({ maxLength: 130 }))
    fc.assert(
      fc.property(text, (given) => {
        const expected = createHash('sha256').update(given).digest('base64url')
        expect(sha256InJavaScript(given)).toBe(expected)
        expect(sha256(given)).toBe(expected)
      }),
    )
  })

  it('gives the published digest of "abc"', () => {
    const digest = Buffer.from(sha256InJavaScript('abc'), 'base64url').toString('hex')
    expect(digest).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  })

  it.each([55, 56, 63, 64, 65, 119, 120])('pads a text of %i bytes as the standard requires', (length) => {
    const text = 'a'.repeat(length)
    expect(sha256InJavaScript(text)).toBe(createHash('sha256').update(text).digest('base64url'))
  })
})
