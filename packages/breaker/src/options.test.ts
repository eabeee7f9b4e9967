import { describe, expect, it } from 'vitest'
import { BreakerOpenError, CircuitBreaker, consecutive, countWindow, timeWindow } from './index.ts'

describe('an option', () => {
  it.each<[unknown, string]>([
    [{ trip: [] }, 'trip must be a trip rule, such as consecutive(3), or a list of trip rules, got an array'],
    [{ trip: 3 }, 'trip must be a trip rule, such as consecutive(3), or a list of trip rules, got 3'],
    [
      { trip: [consecutive(1), null] },
      'trip must be a trip rule, such as consecutive(3), or a list of trip rules, got an array',
    ],
    [{ openForMs: 0 }, 'openForMs must be a number of milliseconds of at least 1, or a function, got 0'],
    [{ openForMs: NaN }, 'openForMs must be a number of milliseconds of at least 1, or a function, got NaN'],
    [
      { openForMs: Infinity },
      'openForMs must be a number of milliseconds of at least 1, or a function, got Infinity',
    ],
    [{ probes: 1.5 }, 'probes must be a whole number of at least 1, got 1.5'],
    [{ probeTimeoutMs: '5' }, 'probeTimeoutMs must be a number of milliseconds of at least 1, got a string'],
    [{ judge: 'failure' }, 'judge must be a function, got a string'],
    [{ restore: {} }, 'restore must be what snapshot() returned, got an object'],
    [
      { restore: { version: 2, takenAt: 0, state: 'closed' } },
      'restore must be what snapshot() returned, got an object',
    ],
    [{ clock: 5 }, 'clock must be a clock, got 5'],
    [{ openFor: 5 }, 'unknown option openFor; did you mean openForMs?'],
    [{ probeTimeout: 5 }, 'unknown option probeTimeout; did you mean probeTimeoutMs?'],
    [{ trips: 5 }, 'unknown option trips; did you mean trip?'],
    [null, 'options must be an object, got null'],
  ])('is rejected by name when its value is wrong: %j', (options, message) => {
    expect(() => new CircuitBreaker(options as never)).toThrow(new TypeError(message))
  })

  it('may be given as undefined', () => {
    const options = {
      trip: undefined,
      openForMs: undefined,
      probes: undefined,
      judge: undefined,
      clock: undefined,
    }
    expect(new CircuitBreaker({ ...options, restore: undefined }).state).toBe('closed')
  })

  it.each<[() => unknown, string]>([
    [() => consecutive(0), 'failures must be a whole number of at least 1, got 0'],
    [
      () => countWindow({ size: 10 } as never),
      'failureRatio must be a number above 0 and at most 1, got undefined',
    ],
    [
      () => countWindow({ size: 10, failureRatio: 0 }),
      'failureRatio must be a number above 0 and at most 1, got 0',
    ],
    [
      () => countWindow({ size: 10, failureRatio: 1, minimumCalls: 11 }),
      'minimumCalls must be at most the size, got 11',
    ],
    [
      () => timeWindow({ failureRatio: 1 } as never),
      'durationMs must be a number of milliseconds of at least 1, got undefined',
    ],
    [
      () => timeWindow({ durationMs: 1_000, failureRatio: 1, slowCallMs: 5 }),
      'slowCallMs and slowCallRatio must be given together',
    ],
    [
      () => new CircuitBreaker().on('opened' as never, () => undefined),
      'event must be open, half-open, close or reject, got a string',
    ],
    [() => new CircuitBreaker().on('open', undefined as never), 'listener must be a function, got undefined'],
  ])('of a rule or listener is rejected by name too: %s', (make, message) => {
    expect(make).toThrow(new TypeError(message))
  })
})

describe('BreakerOpenError', () => {
  it('says what happened and when to try again, and is recognised across copies of the package', () => {
    const cause = new Error('down')
    const error = new BreakerOpenError('open', 250, cause)
    expect(error.message).toBe('not called, as the circuit is open; try again in 250 ms')
    expect(error.cause).toBe(cause)
    expect('cause' in new BreakerOpenError('isolated', 0)).toBe(false)
    expect(BreakerOpenError.is(Object.assign(new Error('copy'), { code: 'breaker_open' }))).toBe(true)
    expect(BreakerOpenError.is({ code: 'breaker_open' })).toBe(false)
    expect(BreakerOpenError.is(undefined)).toBe(false)
  })
})
