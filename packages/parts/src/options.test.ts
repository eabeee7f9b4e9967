import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { describeValue, didYouMean } from './options.ts'

const KNOWN = ['maxAttempts', 'baseDelayMs', 'ttlMs', 'timeout', 'clock', 'signal']
const OTHER_NAMES = { maxAttempts: 'retries maxRetries', ttlMs: 'maxAge' }

describe('didYouMean', () => {
  it.each([
    ['max_attempts', 'maxAttempts'],
    ['MAXATTEMPTS', 'maxAttempts'],
    ['ttl', 'ttlMs'],
    ['baseDelay', 'baseDelayMs'],
    ['timeoutMs', 'timeout'],
    ['retries', 'maxAttempts'],
    ['max-retries', 'maxAttempts'],
    ['maxAgeMs', 'ttlMs'],
    ['retires', 'maxAttempts'],
    ['maxAtempts', 'maxAttempts'],
    ['clok', 'clock'],
    ['singal', 'signal'],
  ])('takes %s for %s', (name, option) => {
    expect(didYouMean(name, KNOWN, OTHER_NAMES)).toBe(option)
  })

  it.each(['banana', 'x', 'tt', 'tls', 'foo', 'sock', 'pool', 'constructor', '__proto__', 'toString', ''])(
    'suggests nothing for %s',
    (name) => {
      expect(didYouMean(name, KNOWN, OTHER_NAMES)).toBeUndefined()
    },
  )

  it('finds an option with any one letter missing, doubled or swapped with the next', () => {
    const option = fc.constantFrom('maxAttempts', 'baseDelayMs', 'timeout', 'signal')
    fc.assert(
      fc.property(option, fc.nat(), fc.constantFrom(0, 1, 2), (name, place, kind) => {
        const at = place % (name.length - 1)
        const [head, letter, next, tail] = [name.slice(0, at), name[at], name[at + 1], name.slice(at + 2)]
        const middle = [`${next}`, `${letter}${letter}${next}`, `${next}${letter}`][kind]
        const typo = `${head}${middle}${tail}`
        fc.pre(typo !== name)
        expect(didYouMean(typo, KNOWN)).toBe(name)
      }),
    )
  })
})

it('describes a value without its content, unless that is a number, a boolean or nothing', () => {
  const secret = 'sk-secret'
  const values = [
    1,
    NaN,
    true,
    null,
    undefined,
    '',
    secret,
    [secret],
    { secret },
    () => secret,
    10n,
    Symbol(secret),
  ]
  expect(values.map(describeValue)).toEqual([
    '1',
    'NaN',
    'true',
    'null',
    'undefined',
    'an empty string',
    'a string',
    'an array',
    'an object',
    'a function',
    'a bigint',
    'a symbol',
  ])
})
