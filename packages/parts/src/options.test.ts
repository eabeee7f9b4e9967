import { describe, expect, it } from 'vitest'
import { aClock, aFunction, aSignal, checkOptions, checksOf, describeValue } from './options.ts'

describe('checkOptions', () => {
  const checks = checksOf({ clock: aClock, onRetry: aFunction, signal: aSignal })
  const check = (options: unknown) => () => {
    checkOptions(options as object, checks, { onRetry: 'onFailedAttempt (p-retry)' })
  }

  it.each<[unknown, string]>([
    [null, 'options must be an object, got null'],
    ['text', 'options must be an object, got a string'],
    [{ clock: 5 }, 'clock must be a clock, got 5'],
    [{ onRetry: 'sk-secret' }, 'onRetry must be a function, got a string'],
    [{ signal: new AbortController() }, 'signal must be an AbortSignal, got an object'],
    [{ clok: 1 }, 'unknown option clok; did you mean clock?'],
    [
      { onFailedAttempt: 1 },
      'unknown option onFailedAttempt; did you mean onRetry? (p-retry calls it onFailedAttempt)',
    ],
    [{ banana: 1 }, 'unknown option banana'],
    [{ constructor: 1 }, 'unknown option constructor'],
  ])('rejects %j', (options, message) => {
    expect(check(options)).toThrow(new TypeError(message))
  })

  it('accepts options with the right values, and undefined for any of them', () => {
    expect(
      check({ clock: { now: () => 0 }, onRetry: () => 0, signal: new AbortController().signal }),
    ).not.toThrow()
    expect(check({ clock: undefined, signal: undefined })).not.toThrow()
    expect(check({})).not.toThrow()
  })
})

describe('describeValue', () => {
  it('names the type of a value without its content, unless that is a number, a boolean or nothing', () => {
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
})
