import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as is from './check.ts'
import { OptionError } from './errors.ts'

const CHECKS = {
  retry: is.anObjectOrFalse,
  timeout: is.finiteMs,
  maxRetries: is.wholeNumber,
  baseURL: is.anHttpUrl,
}

function complaintAbout(options: object, section?: string): OptionError {
  try {
    is.checkOptions(options, CHECKS, section)
  } catch (error) {
    if (OptionError.is(error)) return error
    throw error
  }
  throw new Error('Nothing was refused.')
}

describe('checkOptions', () => {
  it('accepts valid values, and undefined as not given', () => {
    expect(() => is.checkOptions({ retry: false, timeout: 1, maxRetries: undefined }, CHECKS)).not.toThrow()
    expect(() => is.checkOptions({}, CHECKS)).not.toThrow()
  })

  it.each([
    ['retyr', 'retry'],
    ['timeouts', 'timeout'],
    ['Timeout', 'timeout'],
    ['max_retries', 'maxRetries'],
    ['maxAttempts', 'maxRetries'],
    ['baseUrl', 'baseURL'],
  ])('refuses the unknown option %s and suggests %s', (name, near) => {
    expect(complaintAbout({ [name]: 1 })).toMatchObject({
      option: name,
      code: 'invalid_option',
      message: `Unknown option ${name}. Did you mean ${near}?`,
    })
  })

  it.each(['toString', 'constructor', '__proto__'])('refuses %s, which every object inherits', (name) => {
    expect(complaintAbout(JSON.parse(`{"${name}":1}`) as object).option).toBe(name)
  })

  it('names the section of an option', () => {
    expect(complaintAbout({ retyr: 1 }, 'a.').message).toBe('Unknown option a.retyr. Did you mean a.retry?')
    expect(complaintAbout({ timeout: 0 }, 'a.')).toMatchObject({ option: 'a.timeout' })
  })

  it.each<[unknown, string]>([
    [-1, '-1'],
    [NaN, 'NaN'],
    [true, 'true'],
    [null, 'null'],
    ['', 'an empty string'],
    ['sk-secret', 'a string'],
    [['sk-secret'], 'an array'],
    [{ key: 'sk-secret' }, 'an object'],
    [() => 'sk-secret', 'a function'],
    [10n, 'a bigint'],
    [Symbol('sk-secret'), 'a symbol'],
  ])('describes %o without its content', (value, words) => {
    expect(complaintAbout({ timeout: value }).message).toBe(
      `timeout must be a number of milliseconds above 0 and at most 2147483647, got ${words}.`,
    )
  })

  it('suggests the option for a name with one wrong letter', () => {
    const typo = fc.constantFrom(...Object.keys(CHECKS)).chain((name) =>
      fc.record({
        name: fc.constant(name),
        wrong: fc.nat(name.length - 1).map((at) => name.slice(0, at) + name.slice(at + 1)),
      }),
    )
    fc.assert(
      fc.property(typo, ({ name, wrong }) => {
        expect(complaintAbout({ [wrong]: 1 }).message).toContain(`Did you mean ${name}?`)
      }),
    )
  })
})

describe('each check', () => {
  it.each<[keyof typeof is, readonly unknown[], readonly unknown[]]>([
    ['durationMs', [0.5, 1, 2 ** 31 - 1, Infinity], [0, -1, NaN, 2 ** 31, '1', null, -Infinity]],
    ['finiteMs', [0.5, 1, 2 ** 31 - 1], [0, -1, NaN, 2 ** 31, Infinity, '1', null]],
    ['wholeNumber', [0, 1, 100], [-1, 0.5, NaN, Infinity, '1', null]],
    ['aFunction', [() => 1, Date], [{}, 'f', null]],
    ['aBoolean', [true, false], [0, 'true', null]],
    ['aString', ['', 'a', null], [1, {}, true]],
    ['anObject', [{}, [], null], ['a', 1, true]],
    ['anObjectOrFalse', [{}, false], [true, null, 1, 'a']],
    ['aKey', ['a', async () => Promise.resolve('a'), null], ['', 1, {}, true]],
    [
      'anHttpUrl',
      ['https://api.example.com/v1', 'http://127.0.0.1:8080', '', null],
      ['api.example.com', 'localhost:8080', 'ftp://example.com', '/v1', 1],
    ],
  ])('accepts and refuses the right values: %s', (name, right, wrong) => {
    const { accepts } = is[name] as is.Check
    expect(right.filter((value) => !accepts(value))).toEqual([])
    expect(wrong.filter((value) => accepts(value))).toEqual([])
  })

  it('accepts one of the given values: oneOf', () => {
    const { accepts, expected } = is.oneOf('off', 'on')
    expect([accepts('off'), accepts('on'), accepts('half'), accepts(undefined)]).toEqual([
      true,
      true,
      false,
      false,
    ])
    expect(expected).toBe('one of off, on')
  })

  it('accepts nothing: refused', () => {
    const { accepts, expected } = is.refused('it cannot be')
    expect(accepts({})).toBe(false)
    expect(expected).toBe('left out: it cannot be')
  })
})
