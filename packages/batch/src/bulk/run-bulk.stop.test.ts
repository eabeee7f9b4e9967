import { getEventListeners } from 'node:events'
import { describe, expect, it, vi } from 'vitest'
import { all, counted, held, outcome, range, settled } from '../../test/bulk.ts'
import { runBulk } from './run-bulk.ts'

const double = async (item: number): Promise<number> => item * 2

describe('stopWhen', () => {
  it('stops the run at a failure rate, and items in flight get their results', async () => {
    const { calls, run } = held<number>()
    const bulk = runBulk(counted(1_000).source(), run, {
      concurrency: 4,
      stopWhen: { failureRate: 0.5, minSamples: 10 },
    })
    const results = all(bulk)
    for (let at = 0; at < 10; at++) {
      await settled()
      if (at < 5) calls[at]?.resolve(at)
      else calls[at]?.reject(new Error('down'))
    }
    await settled()
    expect(calls).toHaveLength(13)
    expect(bulk.progress().inFlight).toBe(3)
    for (const call of calls.slice(10)) call.resolve('late')
    expect(await results).toHaveLength(13)
    expect(await bulk.summary).toMatchObject({ ok: 8, failed: 5, stoppedBy: 'failureRate' })
    expect(calls).toHaveLength(13)
  })

  it('stops the run at a number of failures', async () => {
    const fail = () => Promise.reject(new Error('down'))
    const run = runBulk(counted(1_000).source(), fail, { concurrency: 1, stopWhen: { failures: 7 } })
    expect(await run.summary).toMatchObject({ failed: 7, stoppedBy: 'failures' })
  })

  it('ignores the rate before minSamples results', async () => {
    const fail = () => Promise.reject(new Error('down'))
    const run = runBulk(range(100), fail, { concurrency: 1, stopWhen: { failureRate: 0.1 } })
    expect(await run.summary).toMatchObject({ failed: 20, stoppedBy: 'failureRate' })
  })
})

describe('stop', () => {
  it('starts no more items, and items in flight get their results', async () => {
    const { calls, run } = held<number>()
    const bulk = runBulk(counted(1_000).source(), run, { concurrency: 4 })
    const results = all(bulk)
    await settled()
    bulk.stop()
    for (const call of calls) call.resolve('done')
    expect(await results).toHaveLength(4)
    expect(await bulk.summary).toMatchObject({ ok: 4, stoppedBy: 'stop' })
    expect(calls).toHaveLength(4)
  })

  it('ends the run with the error passed to it, after all results', async () => {
    const { calls, run } = held<number>()
    const bulk = runBulk(counted(1_000).source(), run, { concurrency: 2 })
    const spent = new Error('no money left')
    const seen: unknown[] = []
    const loop = (async () => {
      for await (const { id } of bulk) seen.push(id)
    })()
    await settled()
    bulk.stop(spent)
    for (const call of calls) call.resolve('done')
    await expect(loop).rejects.toBe(spent)
    await expect(bulk.summary).rejects.toBe(spent)
    expect(seen).toHaveLength(2)
  })

  it('starts nothing if it is called before the run, and changes nothing if it is called again', async () => {
    const { calls, run } = held<number>()
    const bulk = runBulk(range(10), run)
    bulk.stop()
    bulk.stop(new Error('too late'))
    expect(await all(bulk)).toEqual([])
    expect(calls).toHaveLength(0)
    bulk.stop()
    expect(await bulk.summary).toMatchObject({ ok: 0, stoppedBy: 'stop' })
  })
})

describe('an abort of a run', () => {
  it('ends the iteration at once with its own reason, even if a function ignores its signal', async () => {
    const controller = new AbortController()
    const { calls, run } = held<number>()
    const bulk = runBulk(counted(100).source(), run, { concurrency: 3, signal: controller.signal })
    const ended = outcome(bulk)
    await settled()
    const reason = new Error('enough')
    const { signal } = calls[0]?.context ?? {}
    controller.abort(reason)
    expect(await ended).toEqual({ results: [], error: reason })
    await expect(bulk.summary).rejects.toBe(reason)
    expect(signal?.reason).toBe(reason)
    expect(calls[1]?.context.signal.reason).toBe(reason) // A signal read later is aborted as well.
    calls[2]?.resolve('late')
    await settled()
    const { ok, inFlight, dropped, read } = bulk.progress()
    expect([ok, inFlight, dropped]).toEqual([0, 0, read])
  })

  it('starts nothing if it comes before the run', async () => {
    const reason = new Error('never mind')
    const source = counted(3)
    const run = vi.fn(double)
    const signal = AbortSignal.abort(reason)
    expect((await outcome(runBulk(source.source(), run, { signal }))).error).toBe(reason)
    const bulk = runBulk(source.source(), run)
    bulk.abort()
    expect((await outcome(bulk)).error).toMatchObject({ message: 'the run was aborted' })
    expect([source.read, run.mock.calls.length]).toEqual([0, 0])
  })

  it('ends a run whose source never answers', async () => {
    const source = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => undefined) }) }
    const run = runBulk(source, double)
    const ended = outcome(run)
    await settled()
    run.abort('no more')
    expect(await ended).toEqual({ results: [], error: 'no more' })
  })

  it('has one listener on the parent signal, whatever the number of items, and none at the end', async () => {
    const { signal } = new AbortController()
    let most = 0
    const run = runBulk(
      counted(5_000).source(),
      async (item, context) => {
        context.signal.addEventListener('abort', () => undefined)
        most = Math.max(most, getEventListeners(signal, 'abort').length)
        return item
      },
      { signal },
    )
    await run.summary
    expect(most).toBe(1)
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })

  it('aborts no signal of a call that has ended, and all of those that have not when the loop is left', async () => {
    const { calls, run } = held<number>()
    const loop = runBulk(range(10), run, { concurrency: 2 })[Symbol.asyncIterator]()
    const next = loop.next()
    const signals = calls.map(({ context }) => context.signal)
    calls[0]?.resolve(1)
    await next
    await loop.return?.()
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, true])
    expect(await loop.next()).toEqual({ done: true, value: undefined })
  })
})
