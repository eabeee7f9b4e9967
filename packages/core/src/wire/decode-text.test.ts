import { describe, expect, it } from 'vitest'
import { decodeText } from './decode-text.ts'

const TEXT = '{"content":"Grüße, 世界"}'
const LATIN = '{"content":"Grüße"}'

describe('decodeText', () => {
  it.each([
    null,
    '',
    'application/json',
    'application/json; charset=utf-8',
    'text/plain; charset=iso-8859-1',
    'x; charset=nonsense',
  ])('reads UTF-8 whatever its label says: %j', (type) => {
    expect(decodeText(Buffer.from(TEXT), type)).toBe(TEXT)
    expect(decodeText(Buffer.from(`\uFEFF${TEXT}`), type)).toBe(TEXT)
  })

  it('knows UTF-16 by its first bytes, with and without a byte order mark', () => {
    for (const text of [TEXT, `\uFEFF${TEXT}`]) {
      const little = Buffer.from(text, 'utf16le')
      expect(decodeText(little, 'application/json')).toBe(TEXT)
      expect(decodeText(Buffer.from(little).swap16(), null)).toBe(TEXT)
    }
  })

  it('follows the charset of its label when the bytes are not UTF-8', () => {
    const bytes = Buffer.from(LATIN, 'latin1')
    expect(decodeText(bytes, 'application/json; charset=ISO-8859-1')).toBe(LATIN)
    expect(decodeText(bytes, 'application/json;charset="windows-1252"')).toBe(LATIN)
    expect(
      decodeText(Buffer.from([0x7b, 0x22, 0x83, 0x41, 0x22, 0x7d]), 'text/json; charset=shift_jis'),
    ).toBe('{"ア"}')
  })

  it('replaces what cannot be read where no charset helps', () => {
    const bytes = Buffer.from(LATIN, 'latin1')
    for (const type of [null, 'application/json', 'application/json; charset=utf-8', 'a/b; charset=nonsense'])
      expect(decodeText(bytes, type)).toBe('{"content":"Gr\uFFFD\uFFFDe"}')
  })

  it('reads nothing as an empty text', () => {
    expect(decodeText(Buffer.alloc(0), null)).toBe('')
    expect(decodeText(Buffer.from('1'), null)).toBe('1')
  })
})
