import { describe, expect, expectTypeOf, it } from 'vitest'
import { AllTargetsFailedError, FallbackChain, fastest } from './index.ts'

const targets = [{ name: 'a' }]

describe('an option', () => {
  it.each<[unknown, string]>([
    [{}, 'targets must be a list of at least one target, each with a unique name, got undefined'],
    [{ targets: [] }, 'targets must be a list of at least one target, each with a unique name, got an array'],
    [
      { targets: [{ name: 'a' }, { name: 'a' }] },
      'targets must be a list of at least one target, each with a unique name, got an array',
    ],
    [
      { targets: [null] },
      'targets must be a list of at least one target, each with a unique name, got an array',
    ],
    [{ targets, failureThreshold: 0 }, 'failureThreshold must be a whole number of at least 1, got 0'],
    [{ targets, whenNoneAvailable: 'wait' }, 'whenNoneAvailable must be one of fail, try-all, got a string'],
    ...[0, NaN, Infinity, 2 ** 31].map((ms): [unknown, string] => [
      { targets, healthCheckIntervalMs: ms },
      `healthCheckIntervalMs must be a number of milliseconds from 1 to 2147483647, got ${ms}`,
    ]),
    ...[-1, NaN, Infinity, 2 ** 31].map((afterMs): [unknown, string] => [
      { targets, hedge: { afterMs } },
      `afterMs must be 'p95' or a number of milliseconds from 0 to 2147483647, got ${afterMs}`,
    ]),
    [
      { targets, hedge: { afterMs: 1, maxExtraRatio: 2 } },
      'maxExtraRatio must be a number from 0 to 1, got 2',
    ],
    [
      { targets, hedge: {} },
      "afterMs must be 'p95' or a number of milliseconds from 0 to 2147483647, got undefined",
    ],
    [{ targets, lastResort: 'sorry' }, 'lastResort must be a function, got a string'],
    [{ targets, healthChek: 1 }, 'unknown option healthChek; did you mean healthCheck?'],
  ])('of a chain is rejected by name when its value is wrong: %j', (options, message) => {
    expect(() => new FallbackChain(options as never)).toThrow(new TypeError(message))
  })

  it('of a run or an order is rejected by name too', async () => {
    const run = new FallbackChain({ targets }).run(() => 1, { signal: 1 as never })
    await expect(run).rejects.toThrow(new TypeError('signal must be an AbortSignal, got 1'))
    expect(() => fastest({ margin: 5 })).toThrow(new TypeError('margin must be a number from 0 to 1, got 5'))
  })
})

describe('AllTargetsFailedError', () => {
  it('is recognised across copies of the package', () => {
    expect(AllTargetsFailedError.is(Object.assign(new Error('copy'), { code: 'all_targets_failed' }))).toBe(
      true,
    )
    expect(AllTargetsFailedError.is({ code: 'all_targets_failed' })).toBe(false)
    expect('cause' in new AllTargetsFailedError([])).toBe(false)
  })
})

describe('the type of an answer', () => {
  const ask = async (): Promise<number> => {
    throw new Error('down')
  }

  it('is that of the targets or of the last resort, if there is one', async () => {
    const chain = new FallbackChain({ targets, lastResort: () => 'sorry' })
    const { value } = await chain.run(ask)
    expectTypeOf(value).toEqualTypeOf<number | string>()
    expect(value).toBe('sorry')
    const later = new FallbackChain({ targets, lastResort: async (failures) => failures.length })
    expectTypeOf(later.run(ask)).resolves.toHaveProperty('value').toEqualTypeOf<number>()
    expect((await later.run(ask)).value).toBe(1)
  })

  it('is that of the targets alone without a last resort', () => {
    const chain = new FallbackChain({ targets })
    expectTypeOf(chain.run(async () => 1))
      .resolves.toHaveProperty('value')
      .toEqualTypeOf<number>()
  })
})
