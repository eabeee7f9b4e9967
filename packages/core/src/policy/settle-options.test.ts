import { describe, expect, it } from 'vitest'
import { OptionError } from '../base/errors.ts'
import type { HarborOptions } from '../options/options.ts'
import { policyFor, settleOptions } from './settle-options.ts'

describe('settleOptions', () => {
  it('fills in the defaults', () => {
    const { sdk, policy } = settleOptions({})
    expect(sdk).toEqual({ maxRetries: 2 })
    expect(policy).toMatchObject({
      totalMs: 600_000,
      maxAttempts: 3,
      retry: {},
      attemptMs: Infinity,
      firstTokenMs: undefined,
      idleMs: 120_000,
    })
  })

  it("passes on the SDK's options, and none of Harbor's", () => {
    const { sdk } = settleOptions({
      apiKey: 'k',
      organization: null,
      timeout: 5_000,
      retry: { baseDelayMs: 1 },
      timeouts: { idleMs: 1 },
      fetch,
    })
    expect(sdk).toEqual({ apiKey: 'k', organization: null, timeout: 5_000, maxRetries: 2 })
  })

  it('treats maxRetries and retry.maxAttempts as one setting', () => {
    for (const options of [
      { maxRetries: 4 },
      { retry: { maxAttempts: 5 } },
      { maxRetries: 4, retry: { maxAttempts: 5 } },
    ]) {
      const { sdk, policy } = settleOptions(options)
      expect([sdk.maxRetries, policy.maxAttempts]).toEqual([4, 5])
    }
    expect(settleOptions({ maxRetries: 0 }).policy.maxAttempts).toBe(1)
  })

  it('separates the retry settings from the number of attempts', () => {
    const { policy } = settleOptions({ retry: { maxAttempts: 5, baseDelayMs: 7, jitter: false } })
    expect(policy.retry).toEqual({ baseDelayMs: 7, jitter: false })
  })

  it('switches sections off with false', () => {
    const { policy } = settleOptions({ retry: false, timeouts: false })
    expect(policy).toMatchObject({
      maxAttempts: 1,
      attemptMs: Infinity,
      firstTokenMs: Infinity,
      idleMs: Infinity,
    })
  })

  it('treats undefined inside a section as not given', () => {
    const { policy } = settleOptions({
      timeouts: { idleMs: undefined, attemptMs: 7 },
      retry: { maxAttempts: undefined },
    })
    expect(policy).toMatchObject({ idleMs: 120_000, attemptMs: 7, maxAttempts: 3 })
  })

  it.each<[string, object, string]>([
    ['an unknown name', { retires: 3 }, 'retires'],
    ['an unknown name in a section', { timeouts: { idle: 3 } }, 'timeouts.idle'],
    ['a negative number', { maxRetries: -1 }, 'maxRetries'],
    ['a negative time', { timeouts: { attemptMs: -5 } }, 'timeouts.attemptMs'],
    ['a negative delay', { retry: { baseDelayMs: -5 } }, 'retry'],
    ['no attempt at all', { retry: { maxAttempts: 0 } }, 'retry.maxAttempts'],
    ['half an attempt', { retry: { maxAttempts: 1.5 } }, 'retry.maxAttempts'],
    ['a number as text', { retry: { maxAttempts: '3' } }, 'retry.maxAttempts'],
    ['two numbers of attempts', { maxRetries: 3, retry: { maxAttempts: 3 } }, 'maxRetries'],
    ['retries that are off and wanted', { maxRetries: 3, retry: false }, 'maxRetries'],
    ['the clock', { retry: { clock: { now: () => 0 } } }, 'retry.clock'],
    ['the signal', { retry: { signal: AbortSignal.abort() } }, 'retry.signal'],
    ['a second deadline', { retry: { deadlineMs: 5 } }, 'retry.deadlineMs'],
    ['a pool beside a fetch', { pool: {}, fetch }, 'pool'],
    ['a pool that is none', { pool: 20 }, 'pool'],
    ['a section of true', { timeouts: true }, 'timeouts'],
    ['a section of null', { timeouts: null }, 'timeouts'],
  ])('refuses %s', (_, options, option) => {
    expect(() => settleOptions(options)).toThrow(OptionError)
    expect(() => settleOptions(options)).toThrow(expect.objectContaining({ option }))
  })

  it.each([null, 'key', 7, true])('refuses %j instead of options', (options) => {
    expect(() => settleOptions(options as HarborOptions)).toThrow(OptionError)
  })
})

describe('policyFor', () => {
  const { policy } = settleOptions({ timeouts: { idleMs: 11, attemptMs: 12 } })

  it('returns the same policy when a call has no options', () => {
    expect(policyFor(policy, {})).toBe(policy)
    expect(policyFor(policy, { totalMs: 600_000, maxAttempts: 3 })).toBe(policy)
  })

  it('replaces the timeouts that a call has, one by one', () => {
    expect(policyFor(policy, { totalMs: 5, timeouts: { idleMs: 6, attemptMs: undefined } })).toEqual({
      ...policy,
      totalMs: 5,
      idleMs: 6,
      attemptMs: 12,
    })
    expect(policyFor(policy, { maxAttempts: 1 })).toEqual({ ...policy, maxAttempts: 1 })
  })
})
