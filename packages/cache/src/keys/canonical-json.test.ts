import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson, carefulJson, quickJson } from './canonical-json.ts'
import { UnkeyableRequestError } from './unkeyable-request-error.ts'

/** A simple implementation, for plain JSON values. */
function oracle(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(oracle).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1))
  return `{${entries.map(([name, child]) => `${JSON.stringify(name)}:${oracle(child)}`).join(',')}}`
}

function refusal(value: unknown): UnkeyableRequestError {
  try {
    canonicalJson(value)
  } catch (error) {
    if (UnkeyableRequestError.is(error)) return error
    throw error
  }
  throw new Error('it was not refused')
}

describe('canonicalJson', () => {
  it('equals JSON.stringify except for the order of properties', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        expect(canonicalJson(value)).toBe(oracle(JSON.parse(JSON.stringify(value))))
      }),
    )
  })

  it('handles undefined, dates, boxed values and symbols as JSON.stringify does', () => {
    const arbitrary = fc.object({
      maxDepth: 3,
      maxKeys: 4,
      withBoxedValues: true,
      withDate: true,
      withNullPrototype: true,
      withSparseArray: true,
      values: [
        fc.string({ unit: 'binary' }),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.boolean(),
        fc.constantFrom(undefined, null, Symbol('s'), () => 1),
      ],
    })
    fc.assert(
      fc.property(arbitrary, (value) => {
        expect(canonicalJson(value)).toBe(oracle(JSON.parse(JSON.stringify(value))))
      }),
      { numRuns: 50 },
    )
  })

  it('sorts properties by UTF-16 code units, as in the example of RFC 8785', () => {
    const shuffled = {
      '\u20ac': 1,
      '\r': 2,
      '\ufb33': 3,
      '1': 4,
      '\ud83d\ude00': 5,
      '\u0080': 6,
      '\u00f6': 7,
    }
    expect(Object.keys(JSON.parse(canonicalJson(shuffled)) as object)).toHaveLength(7)
    expect(canonicalJson(shuffled)).toBe(
      '{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\ud83d\ude00":5,"\ufb33":3}',
    )
  })

  it('writes numbers and strings as in the example of RFC 8785', () => {
    const numbers = [Number('333333333.33333329'), 1e30, 4.5, 2e-3, 0.000000000000000000000000001, -0]
    expect(canonicalJson(numbers)).toBe('[333333333.3333333,1e+30,4.5,0.002,1e-27,0]')
    expect(canonicalJson('\u20ac$\u000f\nA\'B"\\"/\ud800')).toBe('"\u20ac$\\u000f\\nA\'B\\"\\\\\\"/\\ud800"')
  })

  it('keeps the order of arrays, and writes null for items without a JSON form', () => {
    const items: unknown[] = [3, undefined, 1]
    // The item before these is a hole.
    items[4] = () => 2
    items[5] = Symbol('s')
    expect(canonicalJson(items)).toBe('[3,null,1,null,null,null]')
  })

  it('calls toJSON once, with the name of the property', () => {
    const named = { toJSON: (name: string) => ({ name, toJSON: () => 'twice' }) }
    expect(canonicalJson({ when: new Date(0), a: named, list: [named] })).toBe(
      '{"a":{"name":"a"},"list":[{"name":"0"}],"when":"1970-01-01T00:00:00.000Z"}',
    )
    expect(canonicalJson({ gone: { toJSON: () => undefined } })).toBe('{}')
  })

  it('handles objects without a prototype, and properties named __proto__ or constructor', () => {
    const bare = Object.assign(Object.create(null) as object, { b: 1, a: 2 })
    expect(canonicalJson(bare)).toBe('{"a":2,"b":1}')
    expect(canonicalJson(JSON.parse('{"constructor":1,"__proto__":{"toString":2}}'))).toBe(
      '{"__proto__":{"toString":2},"constructor":1}',
    )
  })

  it('ignores inherited and non-enumerable properties', () => {
    class Message {
      role = 'user'
    }
    Object.defineProperty(Message.prototype, 'inherited', { value: 1, enumerable: true })
    expect(canonicalJson(Object.defineProperty(new Message(), 'hidden', { value: 1 }))).toBe(
      '{"role":"user"}',
    )
  })

  it('handles values deeper than the call stack', () => {
    let deep: unknown = 'bottom'
    for (let level = 0; level < 200_000; level++) deep = level % 2 ? [deep] : { deep }
    expect(canonicalJson(deep)).toHaveLength(100_000 * '[{"deep":}]'.length + '"bottom"'.length)
  })

  it('writes an object that is referenced twice', () => {
    const shared = { a: 1 }
    expect(canonicalJson([shared, { shared }])).toBe('[{"a":1},{"shared":{"a":1}}]')
  })

  it('leaves ignored properties out at the top level only', () => {
    const request = { user: 'u', messages: [{ user: 'v' }] }
    expect(canonicalJson(request, ['user'])).toBe('{"messages":[{"user":"v"}]}')
    expect(canonicalJson([1, 2], ['0'])).toBe('[1,2]')
  })

  it('throws for NaN, infinities, bigint and cycles, with their path', () => {
    const cyclic: Record<string, unknown> = { messages: [{}] }
    cyclic.messages = [{ again: cyclic }]
    expect(refusal({ temperature: NaN })).toMatchObject({ path: 'temperature', found: 'NaN' })
    expect(refusal({ a: [0, { b: -Infinity }] })).toMatchObject({
      path: 'a[1].b',
      found: 'an infinite number',
    })
    expect(refusal({ seed: 1n })).toMatchObject({ path: 'seed', found: 'a bigint' })
    expect(refusal(cyclic)).toMatchObject({ path: 'messages[0].again', found: 'a cycle' })
    expect(refusal([Object(NaN)])).toMatchObject({ path: '[0]', found: 'NaN' })
    expect(refusal(undefined)).toMatchObject({ path: '', found: 'nothing' })
    expect(refusal(NaN).message).toBe(
      'no key for this request: the request is NaN, which JSON cannot represent. Leave it out or pass a number.',
    )
  })

  it('limits the path in an error, and hides names that could be content', () => {
    let deep: unknown = NaN
    for (let level = 0; level < 1_000; level++) deep = { d: deep }
    expect(refusal({ 'my secret question': { n: NaN } }).path).toBe('[…].n')
    expect(refusal(deep).path).toBe(`${'d.'.repeat(19)}d…`)
  })
})

describe('quickJson', () => {
  const IGNORED = ['user', 'metadata']

  it('returns what carefulJson returns, or undefined, for any value', () => {
    const values = fc.object({
      key: fc.oneof(fc.string(), fc.constantFrom(...IGNORED, 'toJSON', '__proto__', 'constructor')),
      maxDepth: 4,
      values: [
        fc.string(),
        fc.double(),
        fc.integer(),
        fc.boolean(),
        fc.bigInt(),
        fc.date(),
        fc.constantFrom<unknown>(null, undefined, Symbol('s'), () => 1, new Number(1), new Map([[1, 2]])),
      ],
      withBoxedValues: true,
      withNullPrototype: true,
      withSparseArray: true,
    })
    fc.assert(
      fc.property(values, (value) => {
        const quick = quickJson(value, IGNORED)
        if (quick !== undefined) expect(quick).toBe(carefulJson(value, IGNORED))
      }),
      { numRuns: 1_000 },
    )
  })

  it('returns what carefulJson returns for any JSON value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        expect(quickJson(value, IGNORED)).toBe(carefulJson(value, IGNORED))
      }),
    )
  })
})
