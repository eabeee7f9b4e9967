import { describe, expect, it } from 'vitest'
import { all, held, outcome, range, settled } from '../../test/bulk.ts'
import type { ConcurrencyLimit, RateLimiter } from '../limits/contracts.ts'
import { runBulk } from './run-bulk.ts'

/** A limiter that records its calls, and lets a call start when the test says so. */
function notedLimiter(open = true) {
  const told: unknown[] = []
  const waiting: (() => void)[] = []
  const limiter: RateLimiter = {
    acquire: (cost, options) =>
      new Promise((resolve, reject) => {
        options?.signal?.addEventListener('abort', () => reject(options.signal?.reason as Error), {
          once: true,
        })
        const start = (): void => {
          told.push(cost)
          resolve({ settle: (outcome) => told.push(outcome), cancel: () => told.push('cancelled') })
        }
        if (open) start()
        else waiting.push(start)
      }),
    tryAcquire: () => undefined,
    waitMs: () => 0,
    learn: () => undefined,
    stats: () => {
      throw new Error('a run asks for none')
    },
  }
  return { limiter, told, waiting }
}

/** A concurrency limit that the test sets. */
function movableLimit(limit: number) {
  const told: unknown[] = []
  const state = {
    limit,
    inFlight: 0,
    stats: () => {
      throw new Error('a run asks for none')
    },
    tryAcquire: () => undefined,
    acquire: async () => {
      state.inFlight++
      const end = (outcome: unknown): void => {
        state.inFlight--
        told.push(outcome)
      }
      return { settle: end, cancel: () => end('cancelled') }
    },
  } satisfies ConcurrencyLimit
  return { state, told }
}

describe('the rate limiter of a run', () => {
  it('grants each attempt its own lease, which is settled with the actual usage', async () => {
    const { limiter, told } = notedLimiter()
    const observed = { requests: { remaining: 3 } }
    const run = runBulk(
      ['hello'],
      async (_, { attempt, report }) => {
        report({ status: attempt === 1 ? 500 : 200, usage: { input: attempt, output: 0 }, observed })
        if (attempt === 1) throw new Error('again')
      },
      {
        limiter,
        cost: ({ length }) => ({ input: length, output: 9 }),
        retry: (operation) => operation().catch(operation),
      },
    )
    expect(await run.summary).toMatchObject({ ok: 1, retried: 1, tokens: { input: 3, output: 0 } })
    expect(told).toEqual([
      { input: 5, output: 9 },
      { status: 500, usage: { input: 1, output: 0 }, observed },
      { input: 5, output: 9 },
      { status: 200, usage: { input: 2, output: 0 }, observed },
    ])
  })

  it('learns from the error of a call that reported nothing', async () => {
    const { limiter, told } = notedLimiter()
    const errors = [
      Object.assign(new Error('slow down'), { status: 429, headers: new Headers({ 'retry-after': '7' }) }),
      Object.assign(new Error('slow down'), { status: 503, headers: { 'Retry-After-Ms': '120' } }),
      new Error('reset', { cause: Object.assign(new Error('socket'), { code: 'ECONNRESET' }) }),
    ]
    const run = runBulk(errors, (error) => Promise.reject(error), { limiter, concurrency: 1 })
    await run.summary
    const none = { input: 0, output: 0 }
    expect(told).toEqual([
      none,
      { status: 429, retryAfterMs: 7_000, observed: {} },
      none,
      { status: 503, retryAfterMs: 120, observed: {} },
      none,
      {},
    ])
  })

  it('releases the reservation of a call that never connected', async () => {
    const { limiter, told } = notedLimiter()
    const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })
    const failed = new TypeError('fetch failed', { cause: refused })
    await runBulk([1], () => Promise.reject(failed), { limiter }).summary
    expect(told).toEqual([{ input: 0, output: 0 }, 'cancelled'])
  })

  it('is reported as what the run waits for while it delays calls; an abort ends that wait', async () => {
    const { limiter, told, waiting } = notedLimiter(false)
    const { calls, run } = held<number>()
    const bulk = runBulk(range(10), run, { limiter, concurrency: 2 })
    const ended = outcome(bulk)
    await settled()
    expect([calls.length, waiting.length, bulk.progress().waitingOn]).toEqual([0, 2, 'rate'])
    waiting[0]?.()
    await settled()
    expect(calls).toHaveLength(1)
    const reason = new Error('enough')
    bulk.abort(reason)
    expect((await ended).error).toBe(reason)
    // The call in flight still settles its lease, so that nothing stays reserved.
    calls[0]?.resolve('late')
    await settled()
    expect(told).toEqual([{ input: 0, output: 0 }, {}])
  })

  it('fails only the item that it rejects', async () => {
    const tooLarge = new Error('too large')
    const { limiter } = notedLimiter()
    const picky: RateLimiter = {
      ...limiter,
      acquire: (cost, options) =>
        cost.input > 5 ? Promise.reject(tooLarge) : limiter.acquire(cost, options),
    }
    const results = await all(
      runBulk(['short', 'too long'], async (text) => text, {
        limiter: picky,
        order: 'input',
        cost: ({ length }) => ({ input: length, output: 0 }),
      }),
    )
    expect(results).toMatchObject([{ ok: true }, { ok: false, error: tooLarge }])
  })
})

describe('the concurrency limit of a run', () => {
  it('decides how many calls are in flight as it adapts', async () => {
    const { state, told } = movableLimit(4)
    const { calls, run } = held<number>()
    const results = all(runBulk(range(20), run, { concurrency: state }))
    await settled()
    expect([calls.length, state.inFlight]).toEqual([4, 4])
    state.limit = 2
    for (const call of calls.slice(0, 2)) call.resolve(1)
    await settled()
    expect(state.inFlight).toBe(2)
    state.limit = 6
    calls[2]?.reject(Object.assign(new Error('slow down'), { status: 429 }))
    await settled()
    expect(state.inFlight).toBe(6)
    for (let at = 3; at < 20; at++) {
      calls[at]?.resolve(1)
      await settled()
    }
    await results
    expect(state.inFlight).toBe(0)
    expect(told.slice(0, 3)).toEqual([{ overloaded: false }, { overloaded: false }, { overloaded: true }])
  })
})
