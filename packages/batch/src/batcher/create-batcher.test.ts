import { describe, expect, expectTypeOf, it, vi } from 'vitest'
import { RequestTooLargeError } from '../errors.ts'
import { BatchShapeError } from './errors.ts'
import { createBatcher } from './create-batcher.ts'
import { held, quick, range, outcomes } from '../../test/batcher.ts'

describe('a batch', () => {
  it('is sent as one call, at once, when it has 10 items', async () => {
    const { batcher, batches } = quick()
    const results = await Promise.all(range(1, 10).map((item) => batcher.add(item)))
    expect(results).toEqual(range(1, 10).map((item) => item * 10))
    expect(batches).toEqual([range(1, 10)])
  })

  it('is sent maxWaitMs after its first item if it does not fill up', async () => {
    const { batcher, batches } = quick({ maxWaitMs: 5_000 })
    const added = [batcher.add(1)]
    await vi.advanceTimersByTimeAsync(4_000)
    added.push(batcher.add(2), batcher.add(3))
    await vi.advanceTimersByTimeAsync(999)
    expect(batches).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    expect(batches).toEqual([[1, 2, 3]])
    expect(await Promise.all(added)).toEqual([10, 20, 30])
  })

  it('counts its wait from its own oldest item, also when it is what another batch has left', async () => {
    const { batcher, batches } = quick({ maxBatchSize: 2, maxWaitMs: 1_000 })
    void batcher.add(1)
    await vi.advanceTimersByTimeAsync(600)
    void batcher.add(2)
    void batcher.add(3)
    await vi.advanceTimersByTimeAsync(999)
    expect(batches).toEqual([[1, 2]])
    await vi.advanceTimersByTimeAsync(1)
    expect(batches).toEqual([[1, 2], [3]])
  })

  it('waits while maxConcurrentBatches are in flight', async () => {
    const { batcher, calls, batches } = held({ maxConcurrentBatches: 2, maxWaitMs: 100 })
    const added = range(1, 25).map((item) => batcher.add(item))
    await vi.advanceTimersByTimeAsync(1_000)
    expect(batches()).toEqual([range(1, 10), range(11, 20)])
    calls[0]?.finish()
    await vi.advanceTimersByTimeAsync(0)
    expect(batches()).toEqual([range(1, 10), range(11, 20), range(21, 25)])
    for (const { finish } of calls) finish()
    expect(await Promise.all(added)).toEqual(range(1, 25).map((item) => item * 10))
  })

  it('rejects only the item whose result is an Error', async () => {
    const batcher = createBatcher(async (items: readonly number[]) =>
      items.map((item) => (item === 4 ? new Error('four') : `${item}`)),
    )
    expectTypeOf(batcher.add).returns.toEqualTypeOf<Promise<string>>()
    const added = range(0, 9).map((item) => batcher.add(item))
    expect(await outcomes(added)).toEqual(['0', '1', '2', '3', 'four', '5', '6', '7', '8', '9'])
  })

  it.each([
    ['9 of 10 results', range(1, 9), 9],
    ['11 of 10 results', range(1, 11), 11],
    ['no array', undefined, undefined],
    ['something like an array', { length: 10 }, undefined],
  ])('rejects all its items with BatchShapeError for %s', async (_name, results, received) => {
    const { batcher, calls } = held({ onBatchError: 'bisect' })
    const added = range(1, 10).map((item) => batcher.add(item).catch((error: unknown) => error))
    calls[0]?.finish(results === undefined ? null : results)
    for (const error of await Promise.all(added)) {
      expect(BatchShapeError.is(error)).toBe(true)
      expect(error).toMatchObject({ code: 'batch_shape', batchId: 1, expected: 10, received })
    }
    expect(calls).toHaveLength(1)
  })

  it('rejects all its items with the error of the function, thrown or rejected', async () => {
    const thrown = createBatcher<number, number>(() => {
      throw new Error('thrown')
    })
    const rejected = createBatcher<number, number>(() => Promise.reject(new Error('rejected')))
    expect(await outcomes(range(1, 10).map((item) => thrown.add(item)))).toEqual(Array(10).fill('thrown'))
    expect(await outcomes(range(1, 10).map((item) => rejected.add(item)))).toEqual(Array(10).fill('rejected'))
  })

  it('stays within its bytes and tokens, in order, and is sent as soon as they are reached', () => {
    const sizeOf = (item: number) => ({ bytes: item, tokens: item / 2 })
    const bytes = held({ maxBatchBytes: 100, sizeOf })
    for (const item of [60, 50, 30, 30, 100]) void bytes.batcher.add(item)
    expect(bytes.batches()).toEqual([[60], [50, 30], [30], [100]])
    const tokens = held({ maxBatchTokens: 50, sizeOf })
    for (const item of [60, 40, 10]) tokens.batcher.add(item).catch(() => undefined)
    expect(tokens.batches()).toEqual([[60, 40]])
    void tokens.batcher.close('abort')
  })

  it('rejects an item that no batch can hold with RequestTooLargeError', async () => {
    const { batcher } = quick({ maxBatchBytes: 100, sizeOf: (bytes) => ({ bytes }) })
    const error = await batcher.add(101).catch((thrown: unknown) => thrown)
    expect(RequestTooLargeError.is(error)).toBe(true)
    expect(error).toMatchObject({
      code: 'request_too_large',
      limitName: 'maxBatchBytes',
      limit: 100,
      size: 101,
    })
    expect(batcher.stats()).toMatchObject({ refused: 1, pending: 0 })
  })

  it('holds items of one partition only, each with its own wait', async () => {
    const { batcher, batches } = quick({
      maxBatchSize: 2,
      maxWaitMs: 100,
      partition: (item) => (item % 2 ? 'odd' : 'even'),
    })
    void batcher.add(1)
    await vi.advanceTimersByTimeAsync(50)
    void batcher.add(2)
    void batcher.add(3)
    expect(batches).toEqual([[1, 3]])
    await vi.advanceTimersByTimeAsync(99)
    expect(batches).toEqual([[1, 3]])
    await vi.advanceTimersByTimeAsync(1)
    expect(batches).toEqual([[1, 3], [2]])
  })

  it('takes items of a higher priority first, and equals in their order', async () => {
    const { batcher, calls, batches } = held({ maxBatchSize: 2, maxConcurrentBatches: 1 })
    const added = [batcher.add(1), batcher.add(2), batcher.add(3), batcher.add(4, { priority: -1 })]
    added.push(batcher.add(5, { priority: 7 }), batcher.add(6), batcher.add(7, { priority: 7 }))
    for (let call = 0; call < 4; call++) {
      calls[call]?.finish()
      await vi.advanceTimersByTimeAsync(5_000)
    }
    expect(batches()).toEqual([[1, 2], [5, 7], [3, 6], [4]])
    expect(await Promise.all(added)).toEqual([10, 20, 30, 40, 50, 60, 70])
  })

  it('comes from the partition with the highest priority, also when that rises late', async () => {
    const { batcher, calls, batches } = held({
      maxBatchSize: 2,
      maxConcurrentBatches: 1,
      partition: (item) => String(item % 2),
    })
    for (const item of [1, 3, 5, 7, 2, 4]) void batcher.add(item)
    void batcher.add(6, { priority: 1 })
    for (let call = 0; call < 2; call++) {
      calls[call]?.finish()
      await vi.advanceTimersByTimeAsync(0)
    }
    expect(batches()).toEqual([
      [1, 3],
      [6, 2],
      [5, 7],
    ])
    void batcher.close('abort')
  })

  it('comes from each partition in turn, so that a busy one does not starve the others', async () => {
    const { batcher, calls, batches } = held({
      maxBatchSize: 2,
      maxConcurrentBatches: 1,
      maxWaitMs: 1_000,
      partition: (item) => (item < 100 ? 'busy' : 'calm'),
    })
    for (const item of [...range(1, 6), 100, 101]) void batcher.add(item)
    for (let call = 0; call < 4; call++) {
      calls[call]?.finish()
      await vi.advanceTimersByTimeAsync(0)
    }
    expect(batches()).toEqual([
      [1, 2],
      [3, 4],
      [100, 101],
      [5, 6],
    ])
  })
})

describe('a custom clock', () => {
  it('decides when a batch is sent, and leaves no real timer', async () => {
    let now = 1_000
    const waits: { ms: number; signal: AbortSignal | undefined; wake: () => void }[] = []
    const clock = {
      now: () => now,
      sleep: (ms: number, signal?: AbortSignal) =>
        new Promise<void>((wake, reject) => {
          waits.push({ ms, signal, wake })
          signal?.addEventListener('abort', () => reject(signal.reason as Error))
        }),
    }
    const { batcher, batches } = quick({ clock, maxBatchSize: 2, maxWaitMs: 500 })
    const added = [batcher.add(1)]
    expect(vi.getTimerCount()).toBe(0)
    now += 500
    waits[0]?.wake()
    await added[0]
    expect(batches).toEqual([[1]])
    added.push(batcher.add(2), batcher.add(3))
    await Promise.all(added)
    expect(waits.map(({ ms, signal }) => [ms, signal?.aborted])).toEqual([
      [500, false],
      [500, true],
    ])
  })

  it('makes batches small, not late, if it fails to wait', async () => {
    const clock = { now: () => 0, sleep: () => Promise.reject(new Error('no clock')) }
    const { batcher, batches } = quick({ clock })
    expect(await batcher.add(1)).toBe(10)
    expect(batches).toEqual([[1]])
  })
})

describe('maxWaitMs', () => {
  it('may be longer than a timer can be', async () => {
    const { batcher, batches } = quick({ maxWaitMs: 2 ** 31 + 1_000 })
    void batcher.add(1)
    await vi.advanceTimersByTimeAsync(2 ** 31)
    expect(batches).toEqual([])
    await vi.advanceTimersByTimeAsync(1_000)
    expect(batches).toEqual([[1]])
  })

  it('may be infinite: only a full batch, a flush or close ends the wait', async () => {
    const { batcher, batches } = quick({ maxWaitMs: Infinity })
    void batcher.add(1)
    expect(vi.getTimerCount()).toBe(0)
    await batcher.close()
    expect(batches).toEqual([[1]])
  })
})

describe('the functions of a batcher', () => {
  it('may be destructured', async () => {
    const { add, flush, close, stats } = quick().batcher
    const added = add(1)
    await flush()
    await close()
    expect(await added).toBe(10)
    expect(stats()).toMatchObject({ adds: 1, succeeded: 1 })
  })
})

describe('the options of a batcher', () => {
  it.each<[object, string]>([
    [{ maxBatchSize: 0 }, 'maxBatchSize must be a whole number of at least 1, got 0'],
    [{ maxWaitMs: -1 }, 'maxWaitMs must be a number of milliseconds of at least 0, got -1'],
    [{ maxConcurrentBatches: 1.5 }, 'maxConcurrentBatches must be a whole number of at least 1, got 1.5'],
    [{ whenFull: 'drop' }, 'whenFull must be one of "wait", "reject", got a string'],
    [{ onBatchError: true }, 'onBatchError must be one of "reject-all", "bisect", got true'],
    [{ eager: 'yes' }, 'eager must be true or false, got a string'],
    [{ clock: {} }, 'clock must be a clock, got an object'],
    [{ maxBatchBytes: 10 }, 'maxBatchBytes needs sizeOf, which says how large an item is'],
    [{ maxSize: 10 }, 'unknown option maxSize; did you mean maxBatchSize?'],
    [{ maxbatchsize: 10 }, 'unknown option maxbatchsize; did you mean maxBatchSize?'],
  ])('are rejected if they make no sense: %j', (options, message) => {
    expect(() => createBatcher(async (items: readonly number[]) => items, options)).toThrow(
      new TypeError(message),
    )
  })

  it('are checked for each add as well, and what their functions throw rejects that add alone', async () => {
    const { batcher } = quick({
      sizeOf: (bytes) => ({ bytes }),
      maxBatchBytes: 10,
      partition: (item) => {
        if (item === 7) throw new Error('no partition')
        return ''
      },
    })
    await expect(batcher.add(1, { priority: NaN })).rejects.toThrow(
      'priority must be a finite number, got NaN',
    )
    await expect(batcher.add(1, { prio: 1 } as never)).rejects.toThrow('did you mean priority?')
    await expect(batcher.add(-1)).rejects.toThrow(
      'sizeOf must return bytes as a number of at least 0, got -1',
    )
    await expect(batcher.add(7)).rejects.toThrow('no partition')
    expect(batcher.stats()).toMatchObject({ adds: 4, refused: 4, pending: 0, queuedItems: 0 })
  })

  it('come after a function, which is required', () => {
    expect(() => createBatcher(undefined as never)).toThrow('run must be a function, got undefined')
  })
})
