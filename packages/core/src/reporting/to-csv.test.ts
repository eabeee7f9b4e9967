import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { newAmounts, type CostRow } from './cost-row.ts'
import { toCsv } from './to-csv.ts'

const row = (by: CostRow['by'], amounts: Partial<CostRow> = {}): CostRow => ({
  by,
  ...newAmounts(),
  ...amounts,
})

/** Reads CSV as RFC 4180 describes it. */
function parse(csv: string): string[][] {
  const fields = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/y
  const lines: string[][] = [[]]
  for (let match; fields.lastIndex < csv.length && (match = fields.exec(csv));) {
    lines.at(-1)?.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '')
    if (match[3] === '\r\n') lines.push([])
  }
  expect(lines.pop()).toEqual([])
  return lines
}

describe('toCsv()', () => {
  it('writes the dimensions, and then the numbers in an order that never changes', () => {
    const amounts = { calls: 2, spentUsd: 0.25, savedUsd: { fallback: -1.5, cache: 0, batch: 3 } }
    expect(toCsv([row({ tenant: 'acme', model: 'gpt-4' }, amounts)])).toBe(
      'tenant,model,calls,inputTokens,cachedInputTokens,cacheWriteInputTokens,audioInputTokens,outputTokens,' +
        'reasoningTokens,audioOutputTokens,imageOutputTokens,spentUsd,savedByFallbackUsd,savedByCacheUsd,' +
        'savedByBatchUsd,possiblyBilledUsd,unpricedCalls\r\n' +
        'acme,gpt-4,2,0,0,0,0,0,0,0,0,0.25,-1.5,0,3,0,0\r\n',
    )
  })

  it('writes only a header without rows', () => {
    expect(toCsv([])).toMatch(/^calls,[\w,]+\r\n$/)
  })

  it.each([
    [1e-7, '0.0000001'],
    [0.1 + 0.2, '0.3'],
    [-1e-15, '0'],
    [123_456_789.125, '123456789.125'],
    [1e21, '1000000000000000000000'],
  ])('writes the number %d without an exponent and without a locale', (spentUsd, text) => {
    const [header = [], line = []] = parse(toCsv([row({}, { spentUsd })]))
    expect(line[header.indexOf('spentUsd')]).toBe(text)
  })

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '\n=1', '＝1'])(
    'puts an apostrophe before %j, which a spreadsheet would take for a formula',
    (text) => {
      expect(parse(toCsv([row({ tenant: text })]))[1]?.[0]).toBe(`'${text}`)
      expect(parse(toCsv([row({ '-tenant': 'x' })]))[0]?.[0]).toBe("'-tenant")
    },
  )

  it('gives every text back to a reader of RFC 4180, and begins no field like a formula', () => {
    const text = fc.string({ unit: fc.constantFrom('"', ',', '\r', '\n', '=', '-', 'a', 'é', '字', ' ') })
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text), { minLength: 1 }), (values) => {
        const lines = parse(toCsv(values.map(([tenant, model]) => row({ tenant, model }))))
        expect(lines).toHaveLength(values.length + 1)
        for (const [place, [tenant = '', model = '']] of lines.slice(1).entries()) {
          expect([tenant.replace(/^'(?=[=\-\r\n])/, ''), model.replace(/^'(?=[=\-\r\n])/, '')]).toEqual(
            values[place],
          )
          expect(tenant).not.toMatch(/^[=\-\r\n]/)
        }
      }),
    )
  })

  it('gives a label with the name of a number a column of its own', () => {
    const [header = [], line = []] = parse(toCsv([row({ calls: 'x' }, { calls: 3 })]))
    expect(line[header.indexOf('label calls')]).toBe('x')
    expect(line[header.indexOf('calls')]).toBe('3')
  })
})
