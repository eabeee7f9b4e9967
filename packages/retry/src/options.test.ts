import { describe, expect, expectTypeOf, it } from 'vitest'
import { createRetry, retry } from './index.ts'
import type {
  Attempt,
  Backoff,
  Failure,
  FailureKind,
  RetryDecision,
  RetryOptions,
  RetryPolicy,
  RunOptions,
} from './index.ts'

/** Options as plain JavaScript may pass them. */
const create = (options: Record<string, unknown>): unknown => createRetry(options)

describe('an options object', () => {
  it.each<[options: Record<string, unknown>, message: string]>([
    [{ maxAttempts: 0 }, 'maxAttempts must be a whole number of at least 1, got 0'],
    [{ maxAttempts: 2.5 }, 'maxAttempts must be a whole number of at least 1, got 2.5'],
    [{ maxAttempts: '3' }, 'maxAttempts must be a whole number of at least 1, got a string'],
    [{ baseDelayMs: -1 }, 'baseDelayMs must be a number of milliseconds of at least 0, got -1'],
    [{ maxDelayMs: NaN }, 'maxDelayMs must be a number of milliseconds of at least 0, got NaN'],
    [{ factor: 0 }, 'factor must be a number of at least 1, got 0'],
    [{ attemptTimeoutMs: 0 }, 'attemptTimeoutMs must be a number of milliseconds of at least 1, got 0'],
    [
      { jitter: 'some' },
      'jitter must be one of true, false, "full", "equal", "decorrelated", "none", got a string',
    ],
    [{ backoff: 100 }, 'backoff must be a function, got 100'],
    [{ shouldRetry: null }, 'shouldRetry must be a function, got null'],
    [{ signal: {} }, 'signal must be an AbortSignal, got an object'],
    [{ signal: new AbortController() }, 'signal must be an AbortSignal, got an object'],
    [{ budget: [] }, 'budget must be a retry budget, got an array'],
    [{ clock: () => 0 }, 'clock must be a clock, got a function'],
    [{ maxAttempt: 3 }, 'unknown option maxAttempt; did you mean maxAttempts?'],
    [
      { retries: 3 },
      'unknown option retries; did you mean maxAttempts? (p-retry calls it retries; here it is maxAttempts, which counts the first attempt too)',
    ],
    [{ onretry: () => 0 }, 'unknown option onretry; did you mean onRetry?'],
    [{ timeoutMs: 3 }, 'unknown option timeoutMs; did you mean attemptTimeoutMs?'],
    [{ attemptTimeout: 3 }, 'unknown option attemptTimeout; did you mean attemptTimeoutMs?'],
    [{ constructor: 3 }, 'unknown option constructor'],
  ])('is rejected at construction, with the name of the wrong option: %o', (options, message) => {
    expect(() => create(options)).toThrow(TypeError)
    expect(() => create(options)).toThrow(message)
  })

  it('is never quoted in a message, since a value may be a secret', () => {
    expect(() => create({ clock: { key: 'sk-secret' } })).not.toThrow(/sk-secret/)
    expect(() => create({ apiKey: 'sk-secret' })).not.toThrow(/sk-secret/)
  })

  it('may contain undefined, which counts as not given', async () => {
    const none = Object.fromEntries(
      ['maxAttempts', 'jitter', 'signal', 'backoff'].map((name) => [name, undefined]),
    )
    await expect(retry(() => 'fine', none)).resolves.toBe('fine')
  })

  it('makes the promise reject, instead of throwing, where a promise is expected', async () => {
    const operation = (): string => 'fine'
    await expect(retry(operation, { maxAttempts: 0 })).rejects.toThrow('maxAttempts')
    await expect(createRetry().run(operation, { deadlineMs: NaN })).rejects.toThrow('deadlineMs')
    await expect(createRetry().run(operation, { onRetry: () => 0 } as RunOptions)).rejects.toThrow(
      'unknown option',
    )
    await expect(retry('no function' as never)).rejects.toThrow(TypeError)
  })

  it('does not affect a policy any more when it is changed later', async () => {
    const options = { maxAttempts: 2, baseDelayMs: 0 }
    const policy = createRetry(options)
    Object.assign(options, { maxAttempts: 5, baseDelayMs: 60_000 })
    let calls = 0
    await expect(policy.run(() => Promise.reject(new Error(`call ${++calls}`)))).rejects.toThrow('call 2')
  })
})

describe('the type of a run', () => {
  it('is what the operation resolves to', () => {
    expectTypeOf(retry(() => 1)).resolves.toEqualTypeOf<number>()
    expectTypeOf(retry(async () => 'fine')).resolves.toEqualTypeOf<string>()
    expectTypeOf(createRetry().run(async ({ number }) => ({ number }))).resolves.toEqualTypeOf<{
      number: number
    }>()
    expectTypeOf(retry<Response>)
      .parameter(0)
      .toBeCallableWith({} as Attempt)
  })

  it('lets shouldRetry return a boolean, a decision, or a promise of either', () => {
    type ShouldRetry = NonNullable<RetryOptions['shouldRetry']>
    expectTypeOf<() => boolean>().toExtend<ShouldRetry>()
    expectTypeOf<() => RetryDecision>().toExtend<ShouldRetry>()
    expectTypeOf<(failure: Failure) => Promise<boolean | RetryDecision>>().toExtend<ShouldRetry>()
    expectTypeOf<() => string>().not.toExtend<ShouldRetry>()
  })

  it('accepts undefined for every option, and only three options for a single run', () => {
    expectTypeOf<Record<keyof RetryOptions, undefined>>().toExtend<RetryOptions>()
    expectTypeOf<keyof RunOptions>().toEqualTypeOf<'signal' | 'deadlineMs' | 'startedAt'>()
  })

  it('gives shouldRetryResult what the operation resolves to', () => {
    void retry(() => Promise.resolve(new Response()), {
      shouldRetryResult: (response) => {
        expectTypeOf(response).toEqualTypeOf<Response>()
        return false
      },
    })
    const policy = createRetry({ shouldRetryResult: (response: Response) => response.status >= 500 })
    expectTypeOf(policy).toEqualTypeOf<RetryPolicy<Response>>()
    expectTypeOf(policy.run(async () => new Response())).resolves.toEqualTypeOf<Response>()
    // @ts-expect-error: this policy judges responses, and cannot judge a number
    void policy.run(() => 1)
    void createRetry().run(() => 1)
    // @ts-expect-error: a string has no status
    void retry(() => 'text', { shouldRetryResult: (response: Response) => response.ok, maxAttempts: 1 })
  })

  it('contains every kind of failure', () => {
    expectTypeOf<Failure['kind']>().toEqualTypeOf<FailureKind>()
    expectTypeOf<Backoff>().returns.toBeNumber()
  })
})
