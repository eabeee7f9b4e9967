import { describe, expect, it } from 'vitest'
import { all, counted, held, idsOf, range, settled } from '../../test/bulk.ts'
import { createConcurrencyLimit } from '../limits/create-concurrency-limit.ts'
import { createRateLimiter } from '../limits/create-rate-limiter.ts'
import { BulkStoppedError } from './errors.ts'
import { runBulk } from './run-bulk.ts'

/**
 * Makes three attempts. As `createRetry(…).run` does, ends at once when its signal aborts, even while an attempt is in
 * flight.
 */
function retrying({ delayMs = 0, unless }: { delayMs?: number; unless?: string }) {
  return async <T>(operation: () => Promise<T>, { signal }: { signal: AbortSignal }): Promise<T> => {
    const aborted = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error))
    })
    aborted.catch(() => undefined)
    for (let attempt = 1; ; attempt++) {
      try {
        return await Promise.race([operation(), aborted])
      } catch (error) {
        if (attempt === 3 || signal.aborted || (error as Error).message === unless) throw error
        await Promise.race([new Promise((resolve) => setTimeout(resolve, delayMs).unref()), aborted])
      }
    }
  }
}

describe('a run that is stopped', () => {
  it('returns items that wait for the rate limit, and awaits those that were sent', async () => {
    const { calls, run } = held<number>()
    const limiter = createRateLimiter({ requestsPerMinute: 60, burstMs: 3_000 })
    const bulk = runBulk(range(100), run, { concurrency: 10, limiter })
    const results = all(bulk)
    await settled()
    const sent = calls.length
    expect(bulk.progress()).toMatchObject({ inFlight: 10, waiting: 10 - sent, waitingOn: 'rate' })
    bulk.stop()
    await settled()
    expect(bulk.progress()).toMatchObject({ inFlight: sent, waiting: 0 })
    for (const call of calls) call.resolve('answer')
    expect(await results).toHaveLength(sent)
    expect(calls).toHaveLength(sent)
    expect(await bulk.summary).toMatchObject({ ok: sent, failed: 0, dropped: 10 - sent, stoppedBy: 'stop' })
    expect(limiter.stats()).toMatchObject({ waiting: 0, inFlight: 0 })
  })

  it('returns items that wait for a slot of a concurrency limit', async () => {
    const { calls, run } = held<number>()
    const limit = createConcurrencyLimit({ initial: 8, min: 8, max: 8 })
    const others = await Promise.all(range(6).map(() => limit.acquire()))
    const bulk = runBulk(range(100), run, { concurrency: limit })
    const results = all(bulk)
    await settled()
    expect(calls).toHaveLength(2)
    bulk.stop()
    for (const call of calls) call.resolve('answer')
    expect(await results).toHaveLength(2)
    for (const place of others) place.cancel()
    expect((await bulk.summary).dropped).toBe(6)
    expect(limit.inFlight).toBe(0)
  })

  it('returns items that wait for their next attempt', async () => {
    const retry = retrying({ delayMs: 3_600_000 })
    const run = async (item: number): Promise<number> => {
      if (item % 2 === 0) throw new Error('overloaded')
      return item
    }
    const bulk = runBulk(range(8), run, { concurrency: 4, retry })
    const results = all(bulk)
    while (bulk.progress().waiting < 4) await new Promise((resolve) => setTimeout(resolve, 1))
    expect(bulk.progress()).toMatchObject({ inFlight: 4, waitingOn: 'retry' })
    bulk.stop()
    expect(idsOf(await results)).toEqual(['1', '3', '5'])
    expect(await bulk.summary).toMatchObject({ ok: 3, failed: 0, dropped: 4, stoppedBy: 'stop' })
  })

  it('lets a sent attempt finish: an answer counts, a last failure counts, another attempt is not made', async () => {
    const { calls, run } = held<number>()
    const retry = retrying({ unless: 'bad request' })
    const bulk = runBulk(range(3), run, { retry })
    const results = all(bulk)
    await settled()
    bulk.stop()
    calls[0]?.resolve('answer')
    calls[1]?.reject(new Error('bad request'))
    calls[2]?.reject(new Error('overloaded'))
    expect(await results).toMatchObject([
      { id: '0', ok: true, value: 'answer' },
      { id: '1', ok: false, error: { message: 'bad request' } },
    ])
    expect(calls).toHaveLength(3)
    expect(await bulk.summary).toMatchObject({ ok: 1, failed: 1, dropped: 1 })
  })

  it('signals its functions, which return an item by throwing the reason, also as a cause', async () => {
    const run = (item: number, { stopSignal }: { stopSignal: AbortSignal }): Promise<number> =>
      new Promise((resolve, reject) => {
        if (item === 0) setTimeout(() => resolve(item), 20)
        else
          stopSignal.addEventListener('abort', () => {
            const reason = stopSignal.reason as Error
            reject(item === 1 ? reason : new Error('Connection error.', { cause: reason }))
          })
      })
    const bulk = runBulk(range(3), run, { order: 'input' })
    const results = all(bulk)
    await settled()
    bulk.stop()
    expect(idsOf(await results)).toEqual(['0'])
    expect(await bulk.summary).toMatchObject({ ok: 1, failed: 0, dropped: 2 })
  })

  it('yields, in the order of the source, results behind an item that was returned', async () => {
    const { calls, run } = held<number>()
    const bulk = runBulk(range(5), run, { order: 'input' })
    const results = all(bulk)
    await settled()
    for (const at of [1, 3, 4]) calls[at]?.resolve('answer')
    await settled()
    bulk.stop()
    calls[0]?.reject(new BulkStoppedError())
    calls[2]?.resolve('answer')
    expect(idsOf(await results)).toEqual(['1', '2', '3', '4'])
  })

  it('is required for a thrown BulkStoppedError to return an item: otherwise it is a failure', async () => {
    const run = (): never => {
      throw new BulkStoppedError()
    }
    const [result] = await all(runBulk([1], run))
    expect(result).toMatchObject({ ok: false, error: { code: 'bulk_stopped' } })
  })

  it('returns waiting items also when it was stopped by stopWhen', async () => {
    const { calls, run } = held<number>()
    const limiter = createRateLimiter({ requestsPerMinute: 60, burstMs: 3_000 })
    const bulk = runBulk(range(100), run, { concurrency: 10, limiter, stopWhen: { failures: 1 } })
    const results = all(bulk)
    await settled()
    const sent = calls.length
    calls[0]?.reject(new Error('overloaded'))
    for (const call of calls.slice(1)) call.resolve('answer')
    expect(await results).toHaveLength(sent)
    expect(await bulk.summary).toMatchObject({ dropped: 10 - sent, stoppedBy: 'failures' })
  })
})

describe('a run that is stopped when nothing is left to do', () => {
  it.each([
    ['an array', () => range(3), {}],
    ['an iterable', () => new Set(range(3)).values(), {}],
    ['an asynchronous source that has ended', () => counted(3).source(), {}],
    ['an asynchronous source of a known length', endless, { total: 3, readAhead: 0 }],
  ])('is complete: %s', async (_, source, options) => {
    const { calls, run } = held<number>()
    const bulk = runBulk(source(), run, options)
    const results = all(bulk)
    while (calls.length < 3) await new Promise((resolve) => setTimeout(resolve))
    bulk.stop()
    for (const call of calls) call.resolve('answer')
    expect(await results).toHaveLength(3)
    expect(await bulk.summary).toMatchObject({ ok: 3, dropped: 0, stoppedBy: undefined })
  })

  it('is not complete while the source has more', async () => {
    const { calls, run } = held<number>()
    const bulk = runBulk(new Set(range(4)).values(), run, { concurrency: 3 })
    const results = all(bulk)
    await settled()
    bulk.stop()
    for (const call of calls) call.resolve('answer')
    expect(await results).toHaveLength(3)
    expect((await bulk.summary).stoppedBy).toBe('stop')
  })

  /** Yields three items, and then neither ends nor yields another. */
  async function* endless(): AsyncGenerator<number, void, undefined> {
    yield* range(3)
    await new Promise(() => undefined)
  }
})

describe('attempts that the function makes itself', () => {
  it('are counted when they are reported, in results and as retries', async () => {
    const attempts = [3, 1, 0]
    const bulk = runBulk(attempts, (reported, { report }) => {
      report({ attempts: 1 })
      report({ attempts: reported })
      return reported
    })
    expect((await all(bulk)).map((result) => result.attempts)).toEqual(attempts)
    expect((await bulk.summary).retried).toBe(2)
  })

  it('add up with those of `retry`', async () => {
    const retry = retrying({})
    const bulk = runBulk(
      ['only'],
      (_, { attempt, report }) => {
        report({ attempts: 2 })
        if (attempt === 1) throw new Error('overloaded')
      },
      { retry },
    )
    expect((await all(bulk))[0]).toMatchObject({ ok: true, attempts: 4 })
    expect((await bulk.summary).retried).toBe(3)
  })

  it('may wait, which progress reports as a wait of the run', async () => {
    const { calls, run } = held<number>()
    const bulk = runBulk(range(2), run)
    const results = all(bulk)
    await settled()
    expect(bulk.progress()).toMatchObject({ waiting: 0, waitingOn: 'slots' })
    const over = calls[0]?.context.waits('rate')
    expect(bulk.progress()).toMatchObject({ waiting: 1, waitingOn: 'rate' })
    over?.()
    over?.()
    const { waits } = calls[1]?.context ?? expect.fail('there is no second call')
    const overs = [waits('retry'), waits('retry')]
    expect(bulk.progress()).toMatchObject({ waiting: 2, waitingOn: 'retry' })
    for (const end of overs) end()
    expect(bulk.progress()).toMatchObject({ waiting: 0, waitingOn: 'slots' })
    for (const call of calls) call.resolve('answer')
    await results
  })
})
