import { getEventListeners } from 'node:events'
import { describe, expect, expectTypeOf, it, vi } from 'vitest'
import { all, counted, held, idsOf, outcome, range, settled } from '../../test/bulk.ts'
import type { BulkOptions } from './bulk-options.ts'
import type { BulkResult } from './bulk-run.ts'
import { DuplicateIdError } from './duplicate-id-error.ts'
import { runBulk } from './run-bulk.ts'

const double = async (item: number): Promise<number> => item * 2

describe('a bulk run', () => {
  it('gives one result for each item, of every kind of source', async () => {
    const sources = [
      range(100),
      new Set(range(100)),
      counted(100).source(),
      new ReadableStream<number>({
        start(controller) {
          for (const item of range(100)) controller.enqueue(item)
          controller.close()
        },
      }),
    ]
    for (const source of sources) {
      const results = await all(runBulk(source, double))
      expect(results).toHaveLength(100)
      for (const result of results) {
        expect(result).toMatchObject({
          id: String(result.index),
          ok: true,
          value: result.index * 2,
          attempts: 1,
          resumed: false,
        })
      }
    }
  })

  it('reads a stream that cannot be iterated, and cancels it when it is left', async () => {
    const cancel = vi.fn()
    let next = 0
    const stream = new ReadableStream<number>({ pull: (controller) => controller.enqueue(next++), cancel })
    const reader = { getReader: () => stream.getReader() } as ReadableStream<number>
    for await (const { index } of runBulk(reader, double, { concurrency: 1 })) if (index === 5) break
    expect(cancel).toHaveBeenCalledTimes(1)
  })

  it('knows the types of its results', () => {
    const run = runBulk([1], async (item: number) => `${item}`)
    expectTypeOf(run[Symbol.asyncIterator]().next).returns.resolves.toExtend<
      IteratorResult<BulkResult<string>, unknown>
    >()
  })

  it('goes on when a function fails or throws: that is the result of its item', async () => {
    const oops = new Error('oops')
    const run = runBulk(range(4), (item: number) => {
      if (item === 1) throw oops
      return item === 2 ? Promise.reject(oops) : Promise.resolve(item)
    })
    const results = await all(run)
    expect(results.filter(({ ok }) => !ok)).toMatchObject([
      { id: '1', error: oops },
      { id: '2', error: oops },
    ])
    expect(await run.summary).toMatchObject({ ok: 2, failed: 2, stoppedBy: undefined })
  })

  it('begins when it is iterated, not before', async () => {
    const { state, run } = (() => {
      const source = counted(3)
      return { state: source, run: runBulk(source.source(), double) }
    })()
    await settled()
    expect([state.read, run.progress().waitingOn]).toEqual([0, undefined])
    expect(await all(run)).toHaveLength(3)
  })

  it('that only the summary is asked of drains, and keeps no results', async () => {
    const run = runBulk(counted(10_000).source(), double, { concurrency: 4 })
    expect(await run.summary).toMatchObject({ ok: 10_000, failed: 0, dropped: 0 })
    await expect(all(run)).rejects.toThrow('drops its results: begin the loop first')
  })

  it('gives its results to a loop that begins in the same turn in which the summary is asked for', async () => {
    const run = runBulk(range(10), double)
    const [summary, results] = await Promise.all([run.summary, all(run)])
    expect([summary.ok, results.length]).toEqual([10, 10])
    await expect(all(run)).rejects.toThrow('can be iterated once')
  })

  it('keeps as many calls under way as it may, never more', async () => {
    const { calls, run, items } = held<number>()
    const results = all(runBulk(range(7), run, { concurrency: 3 }))
    await settled()
    expect(items()).toEqual([0, 1, 2])
    calls[1]?.resolve('done')
    await settled()
    expect(items()).toEqual([0, 1, 2, 3])
    for (let at = 0; at < 7; at++) {
      calls[at]?.resolve('done')
      await settled()
    }
    expect(await results).toHaveLength(7)
  })

  it('ends with the error of its source, after the results of what that gave', async () => {
    const broken = new Error('connection lost')
    async function* source(): AsyncGenerator<number> {
      yield 1
      yield 2
      throw broken
    }
    const run = runBulk(source(), double)
    const { results, error } = await outcome(run)
    expect([results.length, error]).toEqual([2, broken])
    await expect(run.summary).rejects.toBe(broken)
    function* sync(): Generator<number> {
      yield 1
      throw broken
    }
    expect(await outcome(runBulk(sync(), double))).toMatchObject({ results: [{ id: '0' }], error: broken })
  })

  it('pauses and resumes', async () => {
    const source = counted(10)
    const run = runBulk(source.source(), double, { concurrency: 1, readAhead: 0 })
    const results: unknown[] = []
    for await (const result of run) {
      results.push(result)
      if (results.length !== 3) continue
      run.pause()
      await settled()
      const { read } = source
      await settled()
      expect([source.read, run.progress().waitingOn]).toEqual([read, undefined])
      setTimeout(() => run.resume(), 5)
    }
    expect(results).toHaveLength(10)
  })

  it('closes a source that it does not read to its end', async () => {
    const source = counted(100)
    for await (const { index } of runBulk(source.source(), double)) if (index === 3) break
    expect(source.closed).toBe(true)
  })
})

describe('backpressure', () => {
  it('never reads further ahead than readAhead', async () => {
    for (const readAhead of [0, 1, 7, undefined]) {
      const source = counted(1_000)
      const { calls, run } = held<number>()
      const results = all(runBulk(source.source(), run, { concurrency: 4, readAhead }))
      for (let done = 0; done < 1_000; done++) {
        await settled()
        expect(calls.length).toBe(Math.min(1_000, done + 4))
        expect(source.read).toBeLessThanOrEqual(done + 4 + (readAhead ?? 4))
        calls[done]?.resolve(done)
      }
      expect(await results).toHaveLength(1_000)
    }
  })

  it('stops reading for a slow consumer', async () => {
    const source = counted(100_000)
    const loop = runBulk(source.source(), double, { concurrency: 8, readAhead: 4 })[Symbol.asyncIterator]()
    for (let taken = 1; taken <= 50; taken++) {
      await loop.next()
      await settled()
      const most = taken + 2 * 8 + 4
      expect(source.read).toBeLessThanOrEqual(most)
    }
    await loop.return?.()
  })

  it('says that it waits for the consumer, for slots, for the source', async () => {
    const run = runBulk(counted(1_000).source(), double, { concurrency: 2 })
    const loop = run[Symbol.asyncIterator]()
    await loop.next()
    await settled()
    expect(run.progress().waitingOn).toBe('consumer')
    await loop.return?.()
    expect(run.progress().waitingOn).toBeUndefined()

    const busy = held<number>()
    const full = runBulk(range(5), busy.run, { concurrency: 2 })
    const results = all(full)
    await settled()
    expect(full.progress().waitingOn).toBe('slots')
    for (let at = 0; at < 5; at++) {
      busy.calls[at]?.resolve(at)
      await settled()
    }
    await results

    const slow = Promise.withResolvers<IteratorResult<number>>()
    const source = { [Symbol.asyncIterator]: () => ({ next: () => slow.promise }) }
    const idle = runBulk(source, double)
    const nothing = all(idle)
    await settled()
    expect(idle.progress().waitingOn).toBe('source')
    slow.resolve({ done: true, value: undefined })
    expect(await nothing).toEqual([])
  })
})

describe('in the order of the input', () => {
  it('with item 0 stuck, results stay within the reorder window, the source pauses, and the order is right', async () => {
    const source = counted(100)
    const first = Promise.withResolvers<number>()
    const run = runBulk(source.source(), (item) => (item === 0 ? first.promise : double(item)), {
      order: 'input',
      reorderWindow: 10,
      concurrency: 4,
      readAhead: 2,
    })
    const results = all(run)
    await settled()
    expect(source.read).toBeLessThanOrEqual(10 + 2)
    expect(run.progress()).toMatchObject({ ok: 9, inFlight: 1, waitingOn: 'consumer' })
    first.resolve(0)
    expect((await results).map(({ index }) => index)).toEqual(range(100))
  })

  it('stands, whatever takes how long, failures and items left out included', async () => {
    const run = runBulk(
      range(500),
      async (item) => {
        for (let turn = 0; turn < (item * 7_919) % 13; turn++) await Promise.resolve()
        if (item % 5 === 0) throw new Error('five')
        return item
      },
      { order: 'input', reorderWindow: 16, id: (item) => String(item % 400), onDuplicateId: 'skip' },
    )
    expect((await all(run)).map(({ index }) => index)).toEqual(range(400))
    expect(await run.summary).toMatchObject({ ok: 320, failed: 80, skipped: 100 })
  })
})

describe('duplicate ids', () => {
  const items = [{ id: 'a' }, { id: 'b' }, { id: 'a' }, { id: 'c' }]
  const id = (item: { id: string }) => item.id

  it('end the run with a DuplicateIdError, after the results of what came before', async () => {
    const { results, error } = await outcome(runBulk(items, async () => 1, { id }))
    expect(idsOf(results)).toEqual(['a', 'b'])
    expect(DuplicateIdError.is(error)).toBe(true)
    expect(error).toMatchObject({ code: 'duplicate_id', id: 'a', firstIndex: 0, index: 2 })
    expect((error as Error).message).toContain('items 0 and 2 have the same id')
  })

  it('are left out when told to skip', async () => {
    const run = runBulk(items, async () => 1, { id, onDuplicateId: 'skip' })
    expect(idsOf(await all(run))).toEqual(['a', 'b', 'c'])
    expect((await run.summary).skipped).toBe(1)
  })

  it('must be strings', async () => {
    const { error } = await outcome(runBulk([1], double, { id: () => 7 as unknown as string }))
    expect((error as Error).message).toBe('id must give a string, got 7')
  })
})

describe('stopWhen', () => {
  it('with a failure rate stops the run, and work under way gets its result', async () => {
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

  it('with a number of failures stops at it', async () => {
    const fail = () => Promise.reject(new Error('down'))
    const run = runBulk(counted(1_000).source(), fail, { concurrency: 1, stopWhen: { failures: 7 } })
    expect(await run.summary).toMatchObject({ failed: 7, stoppedBy: 'failures' })
  })

  it('looks at no rate before minSamples results', async () => {
    const fail = () => Promise.reject(new Error('down'))
    const run = runBulk(range(100), fail, { concurrency: 1, stopWhen: { failureRate: 0.1 } })
    expect(await run.summary).toMatchObject({ failed: 20, stoppedBy: 'failureRate' })
  })
})

describe('stop', () => {
  it('begins no more items, and what is under way gets its result', async () => {
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

  it('with an error ends the run with it, after all results', async () => {
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

  it('before the run begins lets it begin nothing, and a second one changes nothing', async () => {
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

describe('an abort', () => {
  it('ends the iteration at once with its own reason, also where a function is deaf to its signal', async () => {
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
    expect(calls[1]?.context.signal.reason).toBe(reason) // One that asks later is told as well.
    calls[2]?.resolve('late')
    await settled()
    const { ok, inFlight, dropped, read } = bulk.progress()
    expect([ok, inFlight, dropped]).toEqual([0, 0, read])
  })

  it('before the run begins lets nothing begin', async () => {
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

  it('by hand ends a source that never answers', async () => {
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

describe('the context', () => {
  it('has one idempotency key for all attempts at an item, and no two items share one', async () => {
    const keys: string[][] = []
    const ids = ['plain', 'with space', 'ü', '\ud800', '\ud801', 'x'.repeat(300), `${'x'.repeat(299)}y`]
    const run = runBulk(
      ids,
      async (_, { index, idempotencyKey }) => {
        ;(keys[index] ??= []).push(idempotencyKey)
        if (keys[index].length === 1) throw new Error('again')
      },
      { id: (item) => item, retry: (operation) => operation().catch(operation) },
    )
    expect(await run.summary).toMatchObject({ ok: ids.length, retried: ids.length })
    for (const [first, second] of keys) {
      expect(second).toBe(first)
      expect(first).toMatch(/^[\x21-\x7e]{1,255}$/)
    }
    expect(new Set(keys.flat()).size).toBe(ids.length)
  })

  it('counts attempts, and the tokens that functions report', async () => {
    const run = runBulk(
      range(3),
      async (item, { attempt, report }) => {
        report({ usage: { input: 10, output: 1 } })
        report({ status: 200, usage: { input: 20, output: 1 } }) // What is told later counts.
        if (attempt < 3) throw new Error('again')
        return item
      },
      {
        retry: async (operation) => {
          for (let attempt = 1; ; attempt++) {
            try {
              return await operation()
            } catch (error) {
              if (attempt === 5) throw error
            }
          }
        },
      },
    )
    for await (const { attempts } of run) expect(attempts).toBe(3)
    expect(await run.summary).toMatchObject({ retried: 6, tokens: { input: 180, output: 9 } })
  })

  it('lets no attempt begin after the end, and hands the retry loop a signal', async () => {
    let attempts = 0
    const again = Promise.withResolvers<undefined>()
    const bulk = runBulk(
      [1],
      async () => {
        attempts++
        throw new Error('again')
      },
      {
        retry: async (operation, { signal }) => {
          expect(signal.aborted).toBe(false)
          return operation().catch(async () => {
            await again.promise
            return operation()
          })
        },
      },
    )
    const ended = outcome(bulk)
    await settled()
    bulk.abort('over')
    await ended
    again.resolve(undefined)
    await settled()
    expect(attempts).toBe(1)
  })
})

describe('options', () => {
  it.each<[object, string]>([
    [{ concurrency: 0 }, 'concurrency must be a whole number of at least 1 or a concurrency limit, got 0'],
    [{ concurrency: -3 }, 'concurrency must be a whole number of at least 1 or a concurrency limit, got -3'],
    [
      { concurrency: Infinity },
      'concurrency must be a whole number of at least 1 or a concurrency limit, got Infinity',
    ],
    [{ readAhead: -1 }, 'readAhead must be a whole number of at least 0, got -1'],
    [{ order: 'random' }, 'order must be one of "completion", "input", got a string'],
    [{ reorderWindow: 5 }, "reorderWindow needs order: 'input'"],
    [{ cost: () => ({ input: 1, output: 1 }) }, 'cost needs limiter, which it is for'],
    [{ fingerprint: 'x' }, 'fingerprint needs journal, in which it is kept'],
    [{ journal: 7 }, 'journal must be a path or a journal, got 7'],
    [{ journal: '' }, 'journal must be a path or a journal, got an empty string'],
    [{ limiter: {} }, 'limiter must be a rate limiter, got an object'],
    [{ stopWhen: { failureRate: 2 } }, 'failureRate must be a number of more than 0 and at most 1, got 2'],
    [{ stopWhen: { failures: -1 } }, 'failures must be a whole number of at least 1, got -1'],
    [{ total: -1 }, 'total must be a whole number of at least 0, got -1'],
    [{ concurency: 3 }, 'unknown option concurency; did you mean concurrency?'],
  ])('are checked at once: %j', (options, message) => {
    expect(() => runBulk([], double, options as BulkOptions<number>)).toThrow(new TypeError(message))
  })

  it('need a source and a function', () => {
    for (const [source, name] of [
      [7, '7'],
      ['a text', 'a string'],
      [undefined, 'undefined'],
      [{}, 'an object'],
    ] as const) {
      expect(() => runBulk(source as never, double)).toThrow(
        `source must be an iterable, an async iterable or a ReadableStream, got ${name}`,
      )
    }
    expect(() => runBulk([], undefined as never)).toThrow('run must be a function, got undefined')
  })
})
