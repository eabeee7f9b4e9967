import { getEventListeners } from 'node:events'
import { describe, expect, it, vi } from 'vitest'
import { failing, named, never, slow, Upstreams, watch, withFakeTime } from '../test/harness.ts'
import { AllTargetsFailedError, FallbackChain } from './index.ts'

withFakeTime()

const targets = named('primary', 'second', 'third')

describe('a run', () => {
  it('resolves to the value, the target that answered, and the attempts', async () => {
    const upstreams = new Upstreams({ primary: failing() })
    const chain = new FallbackChain({ targets })
    await expect(chain.run(upstreams.operation)).resolves.toEqual({
      value: 'second answers',
      target: 'second',
      degraded: false,
      attempts: [
        {
          target: 'primary',
          outcome: 'failed',
          hedged: false,
          durationMs: 0,
          error: expect.objectContaining({ status: 503 }) as unknown,
        },
        { target: 'second', outcome: 'answered', hedged: false, durationMs: 0 },
      ],
    })
    expect(upstreams.calls).toEqual(['primary', 'second'])
  })

  it('uses the targets of the run, whose health is recorded by name', async () => {
    const upstreams = new Upstreams({ primary: failing() })
    const chain = new FallbackChain({ targets, failureThreshold: 1 })
    await chain.run(upstreams.operation)
    await chain.run(upstreams.operation, { targets: named('primary', 'other') })
    expect(upstreams.calls).toEqual(['primary', 'second', 'other'])
  })

  it('returns the whole stream of the next target after a failure before the first content, and repeats nothing after the first content', async () => {
    async function* broken(...parts: string[]): AsyncGenerator<string> {
      yield* parts
      throw new Error('cut')
    }
    async function* whole(): AsyncGenerator<string> {
      yield* ['for', 'ty']
    }
    /** Resolves when the first content arrives, as an operation that returns a stream does. */
    async function begun(stream: AsyncGenerator<string>): Promise<AsyncGenerator<string>> {
      const first = await stream.next()
      return (async function* () {
        if (!first.done) yield first.value
        yield* stream
      })()
    }
    const read = async (primary: () => AsyncGenerator<string>): Promise<string[]> => {
      const chain = new FallbackChain({ targets })
      const { value } = await chain.run(({ name }) => begun(name === 'primary' ? primary() : whole()))
      const seen: string[] = []
      try {
        for await (const part of value) seen.push(part)
      } catch (error) {
        seen.push((error as Error).message)
      }
      return seen
    }
    expect(await read(() => broken())).toEqual(['for', 'ty'])
    expect(await read(() => broken('six'))).toEqual(['six', 'cut'])
  })

  it('never resolves after the caller has aborted, not even with the last resort', async () => {
    const reason = new Error('left')
    const lastResort = vi.fn(never)
    const chain = new FallbackChain({ targets, lastResort })
    const controller = new AbortController()
    const run = watch(chain.run(never, { signal: controller.signal }))
    controller.abort(reason)
    await vi.advanceTimersByTimeAsync(0)
    expect(run.error).toBe(reason)
    expect(lastResort).not.toHaveBeenCalled()

    const late = new AbortController()
    const inLastResort = watch(chain.run(failing(), { signal: late.signal }))
    await vi.advanceTimersByTimeAsync(0)
    expect(lastResort).toHaveBeenCalledTimes(1)
    late.abort(reason)
    await vi.advanceTimersByTimeAsync(0)
    expect(inLastResort.error).toBe(reason)
    expect(getEventListeners(late.signal, 'abort')).toHaveLength(0)
  })

  it('marks the answer of the last resort, and rejects with both errors if it throws', async () => {
    const lastResort = vi.fn(() => 'try again later')
    const chain = new FallbackChain({ targets, lastResort })
    const answer = await chain.run(failing())
    expect(answer).toMatchObject({ value: 'try again later', degraded: true, target: 'last resort' })
    expect(lastResort).toHaveBeenCalledWith(answer.attempts)
    expect(answer.attempts.map(({ target, outcome }) => `${target} ${outcome}`)).toEqual([
      'primary failed',
      'second failed',
      'third failed',
    ])

    const broken = new Error('no last resort either')
    const error: unknown = await new FallbackChain({ targets, lastResort: () => Promise.reject(broken) })
      .run(failing())
      .catch((reason: unknown) => reason)
    expect(AllTargetsFailedError.is(error)).toBe(true)
    expect(error).toMatchObject({
      cause: broken,
      errors: [{ status: 503 }, { status: 503 }, { status: 503 }],
    })
  })

  it('rejects with the error of an order or isAvailable that throws', async () => {
    const broken = new Error('broken')
    const throwing = (): never => {
      throw broken
    }
    await expect(new FallbackChain({ targets, order: throwing }).run(() => 1)).rejects.toBe(broken)
    await expect(new FallbackChain({ targets, isAvailable: throwing }).run(() => 1)).rejects.toBe(broken)
  })

  it('does not use the last resort for an invalid request', async () => {
    const chain = new FallbackChain({ targets, lastResort: () => 'fine' })
    await expect(chain.run(failing(422))).rejects.toMatchObject({ status: 422 })
  })
})

describe('a chain', () => {
  it('skips a target after failureThreshold failures in a row, until one call that is let through succeeds', async () => {
    const upstreams = new Upstreams({ primary: failing() })
    const onUnavailable = vi.fn()
    const onRecovered = vi.fn()
    const chain = new FallbackChain({ targets, onUnavailable, onRecovered })
    const run = async (): Promise<string> => {
      upstreams.calls.length = 0
      await chain.run(upstreams.operation)
      return upstreams.calls.join()
    }
    for (let call = 0; call < 3; call++) expect(await run()).toBe('primary,second')
    expect(onUnavailable).toHaveBeenCalledExactlyOnceWith({
      target: targets[0],
      error: expect.objectContaining({ status: 503 }) as unknown,
      health: chain.health.get('primary'),
    })
    for (let call = 0; call < 10; call++) expect(await run()).toBe('second')
    const { attempts } = await chain.run(upstreams.operation)
    expect(attempts[0]).toEqual({ target: 'primary', outcome: 'skipped', reason: 'unavailable' })

    // One call per interval is let through, to find out whether it has recovered.
    vi.advanceTimersByTime(30_000)
    expect(await run()).toBe('primary,second')
    expect(await run()).toBe('second')
    vi.advanceTimersByTime(29_999)
    expect(await run()).toBe('second')
    upstreams.set('primary', () => 'well again')
    vi.advanceTimersByTime(1)
    expect(await run()).toBe('primary')
    expect(await run()).toBe('primary')
    expect(onRecovered).toHaveBeenCalledExactlyOnceWith({
      target: targets[0],
      by: 'call',
      health: chain.health.get('primary'),
    })
    expect(onUnavailable).toHaveBeenCalledTimes(1)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('lets a single call through, however many come at once', async () => {
    const upstreams = new Upstreams({ primary: failing() })
    const chain = new FallbackChain({ targets, failureThreshold: 1 })
    await chain.run(upstreams.operation)
    vi.advanceTimersByTime(30_000)
    upstreams.calls.length = 0
    await Promise.all(Array.from({ length: 20 }, () => chain.run(upstreams.operation)))
    expect(upstreams.calls.filter((name) => name === 'primary')).toHaveLength(1)
  })

  it('counts only failures in a row, and only those that say something about the target', async () => {
    const upstreams = new Upstreams()
    const chain = new FallbackChain({ targets, failureThreshold: 2 })
    const health = chain.health.get('primary')
    const run = async (behaviour: () => unknown): Promise<void> => {
      upstreams.set('primary', behaviour)
      await chain.run(upstreams.operation).catch(() => undefined)
    }
    for (const behaviour of [failing(), () => 'fine', failing(), failing(400)]) await run(behaviour)
    await chain.run(({ name }, context) => (name === 'primary' ? context.skip('no tools') : 'fine'))
    expect(health.failuresInARow).toBe(1)
    expect(health.available).toBe(true)
    await run(failing())
    expect(health.available).toBe(false)
  })

  it.each([
    ['try-all' as const, ['primary', 'second', 'third']],
    ['fail' as const, []],
  ])('applies whenNoneAvailable when no target is available: %s', async (whenNoneAvailable, calls) => {
    const upstreams = new Upstreams({ primary: failing(), second: failing() })
    const chain = new FallbackChain({ targets, whenNoneAvailable, isAvailable: () => false })
    const run = chain.run(upstreams.operation)
    if (whenNoneAvailable === 'try-all') await expect(run).resolves.toMatchObject({ value: 'third answers' })
    else {
      await expect(run).rejects.toMatchObject({
        errors: [],
        attempts: targets.map(({ name }) => ({ target: name, outcome: 'skipped', reason: 'unavailable' })),
      })
    }
    expect(upstreams.calls).toEqual(calls)
  })

  it("calls isAvailable instead of using the threshold, when it is a target's turn", async () => {
    const upstreams = new Upstreams({ second: failing() })
    const isAvailable = vi.fn(({ name }: { name: string }) => name !== 'primary')
    const onUnavailable = vi.fn()
    const chain = new FallbackChain({ targets, isAvailable, onUnavailable, failureThreshold: 1 })
    for (let call = 0; call < 5; call++) await chain.run(upstreams.operation)
    expect(upstreams.calls).toEqual(Array.from({ length: 5 }, () => ['second', 'third']).flat())
    expect(onUnavailable).not.toHaveBeenCalled()
  })

  it('exposes the health of each target', async () => {
    const upstreams = new Upstreams({ primary: slow(100) })
    const chain = new FallbackChain({ targets })
    for (let call = 0; call < 3; call++) {
      const run = chain.run(upstreams.operation)
      await vi.advanceTimersByTimeAsync(100)
      await run
    }
    upstreams.set('primary', failing())
    await chain.run(upstreams.operation)
    const health = chain.health.get('primary')
    expect(health).toMatchObject({
      available: true,
      failuresInARow: 1,
      latencyMs: 100,
      samples: 3,
      lastError: { status: 503 },
    })
    expect(health.successRatio).toBe(0.75)
    expect(health.quantileMs(0.95)).toBe(100)
    expect(chain.health.get('third')).toMatchObject({ successRatio: 1, latencyMs: undefined, samples: 0 })
    expect([...chain.health.entries()].map(([name]) => name)).toEqual(['primary', 'second', 'third'])
  })

  it('keeps bounded memory for any names of targets in runs', async () => {
    const chain = new FallbackChain({ targets })
    for (let call = 0; call < 1_500; call++)
      await chain.run(() => 'fine', { targets: named(`target ${call}`) })
    expect([...chain.health.entries()]).toHaveLength(1_000)
  })
})
