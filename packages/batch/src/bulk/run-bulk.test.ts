import { describe, expect, expectTypeOf, it, vi } from 'vitest'
import { all, counted, held, outcome, range, settled } from '../../test/bulk.ts'
import type { BulkOptions } from './bulk-options.ts'
import type { BulkResult } from './bulk-run.ts'
import { runBulk } from './run-bulk.ts'

const double = async (item: number): Promise<number> => item * 2

describe('a bulk run', () => {
  it('yields one result for each item, from every kind of source', async () => {
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

  it('continues when a function rejects or throws: that is the result of its item', async () => {
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

  it('starts when it is iterated, not before', async () => {
    const { state, run } = (() => {
      const source = counted(3)
      return { state: source, run: runBulk(source.source(), double) }
    })()
    await settled()
    expect([state.read, run.progress().waitingOn]).toEqual([0, undefined])
    expect(await all(run)).toHaveLength(3)
  })

  it('discards results if only its summary is read', async () => {
    const run = runBulk(counted(10_000).source(), double, { concurrency: 4 })
    expect(await run.summary).toMatchObject({ ok: 10_000, failed: 0, dropped: 0 })
    await expect(all(run)).rejects.toThrow('drops its results: start the loop first')
  })

  it('yields its results to a loop that starts in the same turn in which the summary is read', async () => {
    const run = runBulk(range(10), double)
    const [summary, results] = await Promise.all([run.summary, all(run)])
    expect([summary.ok, results.length]).toEqual([10, 10])
    await expect(all(run)).rejects.toThrow('can be iterated once')
  })

  it('keeps as many calls in flight as it may, never more', async () => {
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

  it('ends with the error of its source, after the results of its items', async () => {
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

  it.each([
    ['the error of its source', undefined, 'broken'],
    ['a DuplicateIdError', (item: number) => String(item % 6), 'same id'],
  ])('ends with %s after the results of the items that were read ahead', async (_, id, message) => {
    async function* source(): AsyncGenerator<number> {
      for (let item = 0; item < 6; item++) yield item
      if (id) yield 6
      throw new Error('broken')
    }
    const slow = Promise.withResolvers<undefined>()
    const run = runBulk(source(), () => slow.promise, { concurrency: 2, readAhead: 10, id })
    const ended = outcome(run)
    await settled()
    expect(run.progress()).toMatchObject({ read: 6, inFlight: 2, queued: 4 })
    slow.resolve(undefined)
    const { results, error } = await ended
    expect(results.map(({ index }) => index)).toEqual(range(6))
    expect((error as Error).message).toContain(message)
    expect(run.progress()).toMatchObject({ ok: 6, dropped: 0 })
  })

  it('closes a source that it does not read to its end', async () => {
    const source = counted(100)
    for await (const { index } of runBulk(source.source(), double)) if (index === 3) break
    expect(source.closed).toBe(true)
  })
})

describe('the context of a call', () => {
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
        report({ status: 200, usage: { input: 20, output: 1 } }) // The later report replaces the earlier one.
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

  it('lets no attempt start after the end, and passes the retry loop a signal', async () => {
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

describe('the options of runBulk', () => {
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
    [{ cost: () => ({ input: 1, output: 1 }) }, 'cost has no effect without limiter: pass both, or neither'],
    [
      { fingerprint: 'x' },
      'fingerprint has no effect without journal, which stores it: pass both, or neither',
    ],
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

  it('require a source and a function', () => {
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
