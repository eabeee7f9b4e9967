import { getEventListeners } from 'node:events'
import { describe, expect, it, vi } from 'vitest'
import { failing, never } from '../test/harness.ts'
import { AllTargetsFailedError, fallback, type FallbackContext, type NamedTarget } from './index.ts'

describe('fallback', () => {
  it('does not call other targets when the first one succeeds', async () => {
    const second = vi.fn(() => 'second')
    await expect(fallback([() => 'first', second])).resolves.toBe('first')
    expect(second).not.toHaveBeenCalled()
  })

  it('calls the next target when one throws, rejects, or skips', async () => {
    const onAdvance = vi.fn()
    const targets: NamedTarget<string>[] = [
      { name: 'throws', run: failing() },
      { name: 'rejects', run: () => Promise.reject(new Error('down')) },
      { name: 'unable', run: (context) => context.skip('no vision') },
      { name: 'answers', run: ({ attempt }) => `attempt ${attempt}` },
    ]
    await expect(fallback(targets, { onAdvance })).resolves.toBe('attempt 4')
    expect(onAdvance.mock.calls).toEqual([
      [{ from: targets[0], to: targets[1], error: expect.objectContaining({ status: 503 }) as unknown }],
      [{ from: targets[1], to: targets[2], error: new Error('down') }],
      // The target after one that skips itself takes over from the one that failed.
      [{ from: targets[1], to: targets[3], error: new Error('down') }],
    ])
  })

  it.each([400, 405, 406, 413, 415, 422])(
    'does not advance on %i: the error itself is thrown',
    async (status) => {
      const second = vi.fn()
      const error: unknown = await fallback([failing(status), second]).catch((reason: unknown) => reason)
      expect(error).toMatchObject({ status, message: `status ${status}` })
      expect(second).not.toHaveBeenCalled()
    },
  )

  it.each([401, 402, 403, 404, 408, 409, 429, 500, 503, 529])('advances on %i', async (status) => {
    await expect(fallback<string>([failing(status), () => 'second'])).resolves.toBe('second')
  })

  it('finds the status in the errors of any client', async () => {
    for (const error of [{ status: 400 }, { statusCode: 422 }, { response: { status: 400 } }]) {
      await expect(fallback([() => Promise.reject(error as unknown as Error), () => 'second'])).rejects.toBe(
        error,
      )
    }
    for (const error of [null, undefined, 'text', { response: null }]) {
      await expect(fallback([() => Promise.reject(error as unknown as Error), () => 'second'])).resolves.toBe(
        'second',
      )
    }
  })

  it.each([{ code: 'content_filter' }, { code: 'content_policy_violation' }, { type: 'moderation_blocked' }])(
    'does not route around a content filter: %j',
    async (words) => {
      const second = vi.fn()
      await expect(fallback([failing(403, words), second])).rejects.toMatchObject(words)
      expect(second).not.toHaveBeenCalled()
    },
  )

  it('skips the targets with the same credential after it was refused', async () => {
    const called: string[] = []
    const target = (name: string, credential?: string, status?: number): NamedTarget<string> => ({
      name,
      credential,
      run: () => {
        called.push(name)
        return status ? failing(status)() : name
      },
    })
    const targets = [
      target('a', 'key 1', 401),
      target('b', 'key 1'),
      target('c', 'key 2', 403),
      target('d', 'key 2'),
      target('e'),
    ]
    await expect(fallback(targets)).resolves.toBe('e')
    expect(called).toEqual(['a', 'c', 'e'])

    const error: unknown = await fallback(targets.slice(0, 2)).catch((reason: unknown) => reason)
    expect(error).toMatchObject({
      attempts: [
        { target: 'a', outcome: 'failed' },
        { target: 'b', outcome: 'skipped', reason: 'its credential was refused by a' },
      ],
    })
  })

  it('throws one AllTargetsFailedError with every target, its outcome and reason, in order', async () => {
    const [first, second] = [new Error('first'), new Error('second')]
    const error: unknown = await fallback<string>([
      { name: 'a', run: () => Promise.reject(first) },
      { name: 'b', run: (context) => context.skip('context too long') },
      { name: 'c', run: () => Promise.reject(second) },
    ]).catch((reason: unknown) => reason)

    expect(error).toBeInstanceOf(AggregateError)
    expect(AllTargetsFailedError.is(error)).toBe(true)
    expect(error).toMatchObject({
      name: 'AllTargetsFailedError',
      code: 'all_targets_failed',
      message: 'no target answered: a failed, b skipped (context too long), c failed',
      errors: [first, second],
      attempts: [
        { target: 'a', outcome: 'failed', error: first, hedged: false },
        { target: 'b', outcome: 'skipped', reason: 'context too long' },
        { target: 'c', outcome: 'failed', error: second, hedged: false },
      ],
    })
  })

  it('calls no other target when the caller aborts, and rejects with the reason, even if the target ignores its signal', async () => {
    const reason = new Error('the caller left')
    for (const run of [
      never,
      ({ signal }: FallbackContext) =>
        new Promise<never>((_, reject) => {
          signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true })
        }),
    ]) {
      const controller = new AbortController()
      const second = vi.fn()
      const promise = fallback([run, second], { signal: controller.signal })
      await Promise.resolve()
      controller.abort(reason)
      await expect(promise).rejects.toBe(reason)
      expect(second).not.toHaveBeenCalled()
      expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
    }
  })

  it('never aborts the signal of the target that answered', async () => {
    const signals: AbortSignal[] = []
    await fallback([failing(), ({ signal }) => signals.push(signal)])
    expect(signals.map((signal) => signal.aborted)).toEqual([false])
  })

  it('calls nothing when the signal is already aborted', async () => {
    const target = vi.fn()
    const reason = new Error('too late')
    await expect(fallback([target], { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    expect(target).not.toHaveBeenCalled()
  })

  it("passes the caller's own signal on, and leaves no listener on it after 1,000 calls", async () => {
    const { signal } = new AbortController()
    for (let call = 0; call < 1_000; call++) {
      await fallback([failing(), (context) => expect(context.signal).toBe(signal)], { signal })
    }
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })

  it('calls shouldAdvance instead of the default, and rejects with its error if it throws', async () => {
    const targets = [failing(400), () => 'second']
    const shouldAdvance = vi.fn(() => true)
    await expect(fallback<string>(targets, { shouldAdvance })).resolves.toBe('second')
    expect(shouldAdvance).toHaveBeenCalledWith(
      expect.objectContaining({ status: 400 }),
      expect.objectContaining({ name: 'target 1' }),
    )
    const broken = new Error('broken')
    const throwing = (): never => {
      throw broken
    }
    await expect(fallback<string>(targets, { shouldAdvance: throwing })).rejects.toBe(broken)
  })

  it('emits a warning for a hook that throws, and continues', async () => {
    const warning = vi.spyOn(process, 'emitWarning').mockReturnValue()
    const onAdvance = (): never => {
      throw new Error('a bad hook')
    }
    await expect(fallback<string>([failing(), () => 'second'], { onAdvance })).resolves.toBe('second')
    expect(warning).toHaveBeenCalledTimes(1)
    warning.mockRestore()
  })

  it('calls no further target when a hook aborts the run', async () => {
    const controller = new AbortController()
    const second = vi.fn()
    const onAdvance = (): void => controller.abort(new Error('enough'))
    await expect(fallback([failing(), second], { onAdvance, signal: controller.signal })).rejects.toThrow(
      'enough',
    )
    expect(second).not.toHaveBeenCalled()
  })

  it.each<[unknown, unknown, string]>([
    [[], {}, 'targets must be a list of at least one function, or { name, run }, got an array'],
    [[{ name: 'a' }], {}, 'targets must be a list of at least one function, or { name, run }, got an array'],
    [[() => 1], { shouldAdvnce: 5 }, 'unknown option shouldAdvnce; did you mean shouldAdvance?'],
    [[() => 1], { signal: 5 }, 'signal must be an AbortSignal, got 5'],
  ])('rejects wrong arguments by name: %j %j', async (targets, options, message) => {
    await expect(fallback(targets as never, options as never)).rejects.toThrow(new TypeError(message))
  })
})
