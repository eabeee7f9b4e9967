import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bzip, gzipped, zstded } from '../../../test/helpers/compressed.ts'
import { foreignKindOf } from './file-kind.ts'

const rows = '{"id":"a","prompt":"one"}\n{"id":"b","prompt":"two"}\n'
const kindOf = (bytes: Uint8Array | string, isWhole = true): string | undefined =>
  foreignKindOf(typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes, isWhole)
const wide = (text: string, bigEndian: boolean): Buffer => {
  const bytes = Buffer.from(text, 'utf16le')
  return bigEndian ? bytes.swap16() : bytes
}

describe('foreignKindOf', () => {
  it.each<[string, Uint8Array | string, RegExp]>([
    ['gzip', gzipped(rows), /is compressed \(gzip\)\. Decompress it first: gzip -dc/],
    ['zstd', zstded(rows), /is compressed \(zstd\)/],
    ['bzip2', bzip, /is compressed \(bzip2\)/],
    ['xz', new Uint8Array([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]), /is compressed \(xz\)/],
    ['zip, and the tables that are one', new Uint8Array([0x50, 0x4b, 3, 4, 20, 0]), /is compressed \(zip\)/],
    ['UTF-16 with a byte order mark', wide(`\ufeff${rows}`, false), /is UTF-16 or UTF-32, not UTF-8/],
    ['UTF-16 of the other order', wide(`\ufeff${rows}`, true), /is UTF-16 or UTF-32/],
    ['UTF-16 without one', wide(rows, false), /is UTF-16 or UTF-32/],
    ['UTF-16 of the other order without one', wide(rows, true), /is UTF-16 or UTF-32/],
    ['binary', new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0, 0, 0]), /is binary, not JSON Lines/],
    ['an array on one line', '[{"prompt":"one"},{"prompt":"two"}]\n', /is one JSON array.*jq -c '\.\[\]'/],
    ['an array over several lines', '[\n  {"prompt":"one"},\n  {"prompt":"two"}\n]\n', /is one JSON array/],
    ['an array with an object on each line', '[{"prompt":"one"},\n{"prompt":"two"}]', /is one JSON array/],
    ['one object over several lines', '{\n  "prompt": "one"\n}\n', /is JSON over several lines/],
    ['a table', 'id,prompt\na,"What?"\nb,Why?\n', /looks like CSV/],
    ['a quoted table', '"id";"prompt"\n"a";"What?"\n', /looks like CSV/],
    ['plain text', 'What is a harbor?\nWhat is a pier?\n', /is plain text.*jq -R/],
    ['carriage returns alone', rows.replaceAll('\n', '\r'), /end in a carriage return alone/],
  ])('names the kind of a file that is not JSON Lines: %s', (_, bytes, expected) => {
    expect(kindOf(bytes)).toMatch(expected)
  })

  it('recognises a long array by its beginning', () => {
    expect(kindOf(`[{"prompt":"${'x'.repeat(65_000)}`, false)).toMatch(/is one JSON array/)
  })

  it.each([
    ['JSON Lines', rows],
    ['a byte order mark', `\ufeff${rows}`],
    ['CRLF', rows.replaceAll('\n', '\r\n')],
    ['nothing', ''],
    ['blank lines', '\n\n  \n'],
    ['one bad line', 'no JSON'],
    ['a torn line', '{"prompt":"one'],
    ['bad lines among good ones', `no JSON\n${rows}[]\n`],
    ['a list as the first of several lines', `[]\n${rows}`],
    ['texts', '"one"\n"two"\n'],
    ['a torn text first', '"one\n"two"\n'],
    ['a line longer than what is looked at', `{"prompt":"${'x'.repeat(65_000)}`, false],
  ] as [string, string, boolean?][])(
    'accepts a file that may be JSON Lines: %s',
    (_, text, isWhole = true) => {
      expect(kindOf(text, isWhole)).toBeUndefined()
    },
  )

  it('accepts all JSON Lines, whatever they contain', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ prompt: fc.string({ unit: 'binary' }) }), { minLength: 1 }),
        (values) => {
          expect(kindOf(values.map((value) => `${JSON.stringify(value)}\n`).join(''))).toBeUndefined()
        },
      ),
    )
  })
})
