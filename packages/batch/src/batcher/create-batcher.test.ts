import { afterEach, beforeEach, describe, expect, expectTypeOf, it, vi } from 'vitest'
import { RequestTooLargeError } from '../request-too-large-error.ts'
import { BatchShapeError } from './batch-shape-error.ts'
import { BatcherClosedError } from './batcher-closed-error.ts'
import { createBatcher } from './create-batcher.ts'
import type { BatcherOptions } from './options.ts'
import { QueueFullError } from './queue-full-error.ts'

/** A batcher of numbers whose batches end when the test says so. */
function held(options: BatcherOptions<number> = {}) {
  const calls: {
    items: readonly number[]
    signal: AbortSignal
    finish: (results?: unknown) => void
    fail: (error: Error) => void
  }[] = []
  const batcher = createBatcher<number, number>((items, { signal }) => {
    const { promise, resolve, reject } = Promise.withResolvers<readonly number[]>()
    const finish = (results: unknown = items.map((item) => item * 10)): void =>
      resolve(results as readonly number[])
    calls.push({ items, signal, finish, fail: reject })
    return promise
  }, options)
  // What is left over at the end of a test is closed without a word.
  const add: typeof batcher.add = (item, addOptions) => {
    const added = batcher.add(item, addOptions)
    added.catch(() => undefined)
    return added
  }
  return {
    batcher: { ...batcher, add },
    calls,
    batches: () => calls.map(({ items }) => items),
  }
}

/** A batcher of numbers that answers at once. */
function quick(options: BatcherOptions<number> = {}) {
  const batches: (readonly number[])[] = []
  const batcher = createBatcher<number, number>(async (items) => {
    batches.push(items)
    return items.map((item) => item * 10)
  }, options)
  return { batcher, batches }
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => from + at)

async function outcomes(promises: readonly Promise<unknown>[]): Promise<unknown[]> {
  const settled = await Promise.allSettled(promises)
  return settled.map((each) => (each.status === 'fulfilled' ? each.value : (each.reason as Error).message))
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

describe('a batch', () => {
  it('of 10 goes as one call, at once', async () => {
    const { batcher, batches } = quick()
    const results = await Promise.all(range(1, 10).map((item) => batcher.add(item)))
    expect(results).toEqual(range(1, 10).map((item) => item * 10))
    expect(batches).toEqual([range(1, 10)])
  })

  it('that does not fill up goes when maxWaitMs has passed since its first item', async () => {
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

  it('counts the wait of what is left from its own oldest item', async () => {
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

  it('keeps maxConcurrentBatches, never more, under way', async () => {
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
  ])('rejects whole with BatchShapeError, and hangs nobody, for %s', async (_name, results, received) => {
    const { batcher, calls } = held({ onBatchError: 'bisect' })
    const added = range(1, 10).map((item) => batcher.add(item).catch((error: unknown) => error))
    calls[0]?.finish(results === undefined ? null : results)
    for (const error of await Promise.all(added)) {
      expect(BatchShapeError.is(error)).toBe(true)
      expect(error).toMatchObject({ code: 'batch_shape', batchId: 1, expected: 10, received })
    }
    expect(calls).toHaveLength(1)
  })

  it('rejects whole with the error of the function, thrown or rejected', async () => {
    const thrown = createBatcher<number, number>(() => {
      throw new Error('thrown')
    })
    const rejected = createBatcher<number, number>(() => Promise.reject(new Error('rejected')))
    expect(await outcomes(range(1, 10).map((item) => thrown.add(item)))).toEqual(Array(10).fill('thrown'))
    expect(await outcomes(range(1, 10).map((item) => rejected.add(item)))).toEqual(Array(10).fill('rejected'))
  })

  it('stays within its bytes and tokens, in order, and goes as soon as they are reached', () => {
    const sizeOf = (item: number) => ({ bytes: item, tokens: item / 2 })
    const bytes = held({ maxBatchBytes: 100, sizeOf })
    for (const item of [60, 50, 30, 30, 100]) void bytes.batcher.add(item)
    expect(bytes.batches()).toEqual([[60], [50, 30], [30], [100]])
    const tokens = held({ maxBatchTokens: 50, sizeOf })
    for (const item of [60, 40, 10]) tokens.batcher.add(item).catch(() => undefined)
    expect(tokens.batches()).toEqual([[60, 40]])
    void tokens.batcher.close('abort')
  })

  it('refuses an item that no batch can hold, by name', async () => {
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

  it('takes partitions in turn, so that a busy one does not keep the others waiting', async () => {
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

describe('an abort', () => {
  it('takes a queued item out: the function never sees it, and the batch refills', async () => {
    const { batcher, batches } = quick({ maxBatchSize: 3 })
    const controller = new AbortController()
    const reason = new Error('no longer wanted')
    const added = [batcher.add(1), batcher.add(2, { signal: controller.signal })]
    controller.abort(reason)
    added.push(batcher.add(3), batcher.add(4))
    const settled = await Promise.allSettled(added)
    expect(settled[1]).toEqual({ status: 'rejected', reason })
    expect(batches).toEqual([[1, 3, 4]])
  })

  it('before the add rejects it at once with its own reason', async () => {
    const { batcher, batches } = quick({ maxBatchSize: 1 })
    await expect(batcher.add(1, { signal: AbortSignal.abort('early') })).rejects.toBe('early')
    expect(batches).toEqual([])
    expect(batcher.stats()).toMatchObject({ adds: 1, aborted: 1 })
  })

  it('of all items under way aborts the signal of the call; that of one does not', async () => {
    const { batcher, calls } = held({ maxBatchSize: 2 })
    const [one, other] = [new AbortController(), new AbortController()]
    const added = [batcher.add(1, { signal: one.signal }), batcher.add(2, { signal: other.signal })]
    one.abort('first')
    await expect(added[0]).rejects.toBe('first')
    expect(calls[0]?.signal.aborted).toBe(false)
    other.abort('last')
    await expect(added[1]).rejects.toBe('last')
    expect(calls[0]?.signal.reason).toBe('last')
    calls[0]?.fail(new Error('nobody hears this'))
    await vi.advanceTimersByTimeAsync(0)
    expect(batcher.stats()).toMatchObject({ aborted: 2, failed: 0, pending: 0, runningBatches: 0 })
  })

  it('of what is left aborts the call when the rest has its result', async () => {
    const controller = new AbortController()
    const signals: AbortSignal[] = []
    const batcher = createBatcher<number, number>(
      (items, { signal }) => {
        signals.push(signal)
        if (items.length > 1 || items[0] === 2) return Promise.reject(new Error('too many'))
        return new Promise((resolve) => setTimeout(() => resolve(items), items[0]))
      },
      { maxBatchSize: 2, onBatchError: 'bisect' },
    )
    const added = [batcher.add(1), batcher.add(60_000, { signal: controller.signal })]
    await vi.advanceTimersByTimeAsync(1)
    await expect(added[0]).resolves.toBe(1)
    controller.abort('enough')
    await expect(added[1]).rejects.toBe('enough')
    expect(signals.at(-1)?.reason).toBe('enough')
    await vi.advanceTimersByTimeAsync(60_000)
  })

  it('never comes after success', async () => {
    const { batcher, calls } = held({ maxBatchSize: 1 })
    const controller = new AbortController()
    const added = batcher.add(1, { signal: controller.signal })
    calls[0]?.finish()
    await added
    controller.abort('late')
    expect(calls[0]?.signal.aborted).toBe(false)
    expect(batcher.stats()).toMatchObject({ succeeded: 1, aborted: 0 })
  })

  it('signal shared by many adds has one listener, and none when they are done', async () => {
    const { signal } = new AbortController()
    const listen = vi.spyOn(signal, 'addEventListener')
    const leave = vi.spyOn(signal, 'removeEventListener')
    const { batcher } = quick()
    await Promise.all(range(1, 1_000).map((item) => batcher.add(item, { signal })))
    expect(listen.mock.calls.length).toBeLessThanOrEqual(2)
    expect(leave).toHaveBeenCalledTimes(listen.mock.calls.length)
  })

  it('makes room for who is waiting', async () => {
    const { batcher, calls, batches } = held({ maxBatchSize: 1, maxConcurrentBatches: 1, maxQueueItems: 1 })
    const controller = new AbortController()
    void batcher.add(1)
    const gone = batcher.add(2, { signal: controller.signal })
    void batcher.add(3)
    expect(batcher.stats()).toMatchObject({ queuedItems: 1, waitingItems: 1 })
    controller.abort('gone')
    await expect(gone).rejects.toBe('gone')
    expect(batcher.stats()).toMatchObject({ queuedItems: 1, waitingItems: 0 })
    calls[0]?.finish()
    await vi.advanceTimersByTimeAsync(0)
    expect(batches()).toEqual([[1], [3]])
  })
})

describe('a full queue', () => {
  const sizeOf = (bytes: number) => ({ bytes })

  it('lets adds wait, first come first served within their priority, and is never passed by more than one item', async () => {
    const { batcher, calls, batches } = held({
      maxBatchSize: 1,
      maxConcurrentBatches: 1,
      maxQueueBytes: 100,
      sizeOf,
    })
    const added = [1, 60, 50, 40, 30].map((item) => batcher.add(item))
    added.push(batcher.add(20, { priority: 1 }), batcher.add(500), batcher.add(5))
    for (let call = 0; call < added.length; call++) {
      const { queuedBytes, queuedItems } = batcher.stats()
      expect(queuedBytes <= 100 || queuedItems === 1).toBe(true)
      calls[call]?.finish()
      await vi.advanceTimersByTimeAsync(0)
    }
    // 20 overtakes who waits, not who is queued: it fitted beside 60 when it came.
    expect(batches().flat()).toEqual([1, 20, 60, 50, 40, 30, 500, 5])
    await Promise.all(added)
  })

  it('rejects adds by name when they may not wait', async () => {
    const { batcher, calls } = held({
      maxBatchSize: 1,
      maxConcurrentBatches: 1,
      maxQueueItems: 2,
      whenFull: 'reject',
    })
    const added = [1, 2, 3].map((item) => batcher.add(item))
    const error = await batcher.add(4).catch((thrown: unknown) => thrown)
    expect(QueueFullError.is(error)).toBe(true)
    expect(error).toMatchObject({ code: 'queue_full', queuedItems: 2, queuedBytes: 0 })
    for (let call = 0; call < 3; call++) {
      calls[call]?.finish()
      await vi.advanceTimersByTimeAsync(0)
    }
    expect(await Promise.all(added)).toEqual([10, 20, 30])
    expect(batcher.stats()).toMatchObject({ adds: 4, refused: 1, succeeded: 3 })
  })

  it.each(['wait', 'reject'] as const)(
    'goes on at once instead of waiting for a batch that cannot fill (%s)',
    async (whenFull) => {
      const { batcher, batches } = quick({ maxBatchSize: 10, maxQueueItems: 3, whenFull })
      const added = range(1, 7).map((item) => batcher.add(item))
      expect(batches).toEqual([
        [1, 2, 3],
        [4, 5, 6],
      ])
      await batcher.flush()
      expect(await Promise.all(added)).toHaveLength(7)
    },
  )

  it('never holds an item back for its batch to fill while others wait for its room', async () => {
    const { batcher, calls, batches } = held({ maxConcurrentBatches: 1, maxQueueItems: 1, maxBatchSize: 2 })
    for (const item of [1, 2, 3, 4]) void batcher.add(item)
    void batcher.add(5, { priority: 1 })
    for (let call = 0; call < 2; call++) {
      calls[call]?.finish()
      await vi.advanceTimersByTimeAsync(0)
    }
    expect(batches()).toEqual([[1], [2], [5]])
    expect(batcher.stats()).toMatchObject({ queuedItems: 1, waitingItems: 1 })
    void batcher.close('abort')
  })

  it('does not let a new add overtake who waits', async () => {
    const { batcher, calls, batches } = held({
      maxBatchSize: 1,
      maxConcurrentBatches: 1,
      maxQueueBytes: 100,
      sizeOf,
    })
    for (const item of [1, 90, 80, 5]) void batcher.add(item)
    for (let call = 0; call < 4; call++) {
      calls[call]?.finish()
      await vi.advanceTimersByTimeAsync(0)
    }
    expect(batches().flat()).toEqual([1, 90, 80, 5])
  })
})

describe('bisecting', () => {
  function poisoned(...poison: readonly number[]) {
    const calls: (readonly number[])[] = []
    const batcher = createBatcher<number, number>(
      async (items) => {
        calls.push(items)
        if (items.some((item) => poison.includes(item))) throw new Error('poison')
        return items
      },
      { maxBatchSize: 64, onBatchError: 'bisect' },
    )
    return { batcher, calls }
  }

  it('finds one poison item with about log2(n) extra calls, and only it rejects', async () => {
    let extra = 0
    for (let poison = 0; poison < 64; poison++) {
      const { batcher, calls } = poisoned(poison)
      const results = await outcomes(range(0, 63).map((item) => batcher.add(item)))
      expect(results).toEqual(range(0, 63).map((item) => (item === poison ? 'poison' : item)))
      expect(calls.length - 1).toBeLessThanOrEqual(2 * Math.log2(64))
      extra += calls.length - 1
    }
    expect(extra / 64).toBeLessThanOrEqual(1.5 * Math.log2(64) + 1)
  })

  it('rejects no item that was not tried alone, so a passing failure costs nobody', async () => {
    let calls = 0
    const batcher = createBatcher<number, number>(
      async (items) => {
        if (calls++ === 0) throw new Error('passing')
        return items
      },
      { maxBatchSize: 8, onBatchError: 'bisect' },
    )
    expect(await outcomes(range(1, 8).map((item) => batcher.add(item)))).toEqual(range(1, 8))
  })

  it('makes at most 2n − 1 calls when all of them fail', async () => {
    const { batcher, calls } = poisoned(...range(0, 63))
    expect(await outcomes(range(0, 63).map((item) => batcher.add(item)))).toEqual(Array(64).fill('poison'))
    expect(calls.length).toBe(127)
  })

  it('stays one batch: one of maxConcurrentBatches, one batchId, one signal', async () => {
    const seen: [number, AbortSignal][] = []
    let most = 0
    let running = 0
    const batcher = createBatcher<number, number>(
      async (items, { batchId, signal }) => {
        seen.push([batchId, signal])
        most = Math.max(most, ++running)
        await Promise.resolve()
        running--
        if (items.includes(3)) throw new Error('poison')
        return items
      },
      { maxBatchSize: 4, maxConcurrentBatches: 1, onBatchError: 'bisect' },
    )
    await outcomes(range(1, 4).map((item) => batcher.add(item)))
    expect(most).toBe(1)
    expect(new Set(seen.map(([id]) => id))).toEqual(new Set([1]))
    expect(new Set(seen.map(([, signal]) => signal)).size).toBe(1)
    expect(batcher.stats()).toMatchObject({ batches: 1, meanBatchSize: 4, succeeded: 3, failed: 1 })
  })

  it('leaves out who has gone in the meantime', async () => {
    const controller = new AbortController()
    const calls: (readonly number[])[] = []
    const batcher = createBatcher<number, number>(
      async (items) => {
        calls.push(items)
        if (items.length === 4) {
          controller.abort('gone')
          throw new Error('poison')
        }
        return items
      },
      { maxBatchSize: 4, onBatchError: 'bisect' },
    )
    const added = range(1, 4).map((item) => batcher.add(item, item > 2 ? { signal: controller.signal } : {}))
    const settled = await Promise.allSettled(added)
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'rejected'])
    expect(calls).toEqual([
      [1, 2, 3, 4],
      [1, 2],
    ])
  })
})

describe('identical items', () => {
  const key = (item: number) => String(Math.trunc(item))

  it('share one place and one result while it is under way, and not after it', async () => {
    const { batcher, calls, batches } = held({ maxBatchSize: 2, key })
    const added = [batcher.add(1.1), batcher.add(1.2), batcher.add(2)]
    added.push(batcher.add(1.3))
    expect(batches()).toEqual([[1.1, 2]])
    calls[0]?.finish(['one', 'two'])
    expect(await Promise.all(added)).toEqual(['one', 'one', 'two', 'one'])
    expect(batcher.stats()).toMatchObject({ adds: 4, shared: 2, succeeded: 4 })
    void batcher.add(1)
    void batcher.add(2)
    expect(batches()).toHaveLength(2)
  })

  it('stay in the batch while anybody waits for them', async () => {
    const { batcher, calls, batches } = held({ maxBatchSize: 1, maxConcurrentBatches: 1, key })
    const controller = new AbortController()
    void batcher.add(9)
    const leaving = batcher.add(1, { signal: controller.signal })
    const staying = batcher.add(1)
    controller.abort('left')
    await expect(leaving).rejects.toBe('left')
    calls[0]?.finish()
    await vi.advanceTimersByTimeAsync(0)
    calls[1]?.finish()
    expect(await staying).toBe(10)
    expect(batches()).toEqual([[9], [1]])
  })

  it('start afresh when everybody has left', async () => {
    const { batcher, calls, batches } = held({ maxBatchSize: 1, key })
    const controller = new AbortController()
    const left = batcher.add(1, { signal: controller.signal })
    controller.abort('left')
    await expect(left).rejects.toBe('left')
    const fresh = batcher.add(1)
    expect(batches()).toEqual([[1], [1]])
    calls[1]?.finish()
    expect(await fresh).toBe(10)
    calls[0]?.finish()
  })

  it('start afresh also when they are added by who is told that the others have left', async () => {
    const answers: Promise<number>[] = []
    const batcher = createBatcher<number, number>(
      (items, { signal, batchId }) => {
        signal.addEventListener('abort', () => answers.push(batcher.add(1)))
        return batchId === 1 ? new Promise(() => undefined) : Promise.resolve(items)
      },
      { maxBatchSize: 1, key },
    )
    const controller = new AbortController()
    const left = batcher.add(1, { signal: controller.signal })
    controller.abort('left')
    await expect(left).rejects.toBe('left')
    expect(await Promise.all(answers)).toEqual([1])
  })

  it('of two partitions share nothing', () => {
    const { batcher, batches } = held({ maxBatchSize: 1, key: () => 'same', partition: String })
    void batcher.add(1)
    void batcher.add(2)
    expect(batches()).toEqual([[1], [2]])
  })
})

describe('eager', () => {
  const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] }))

  it('joins what is added behind awaits of what is already there, as DataLoader does', async () => {
    const { batcher, batches } = held({ eager: true })
    const load = async (item: number, awaits: number): Promise<void> => {
      for (let each = 0; each < awaits; each++) await Promise.resolve()
      await batcher.add(item)
    }
    for (const [item, awaits] of [0, 1, 2, 10].entries()) void load(item, awaits)
    await nextTurn()
    expect(batches()).toEqual([[0, 1, 2, 3]])
  })

  it('needs no process: elsewhere a timer does', async () => {
    vi.stubGlobal('process', undefined)
    try {
      const { batcher, batches } = held({ eager: true })
      void batcher.add(1)
      void Promise.resolve().then(() => batcher.add(2))
      await vi.advanceTimersByTimeAsync(0)
      expect(batches()).toEqual([[1, 2]])
    } finally {
      vi.unstubAllGlobals()
    }
  })

  it('goes at once with what was added in the same tick while a slot is idle, then collects', async () => {
    const { batcher, calls, batches } = held({ eager: true, maxConcurrentBatches: 1 })
    for (const item of [1, 2, 3]) void batcher.add(item)
    expect(batches()).toEqual([])
    await nextTurn()
    expect(batches()).toEqual([[1, 2, 3]])
    for (const item of [4, 5]) {
      void batcher.add(item)
      await vi.advanceTimersByTimeAsync(10_000)
    }
    expect(batches()).toHaveLength(1)
    calls[0]?.finish()
    await vi.advanceTimersByTimeAsync(0)
    expect(batches()).toEqual([
      [1, 2, 3],
      [4, 5],
    ])
  })
})

describe('flush', () => {
  it('sends what is queued at once and resolves when all that was added before has its result', async () => {
    const { batcher, calls, batches } = held({ maxBatchSize: 2, maxConcurrentBatches: 1, maxQueueItems: 2 })
    const added = range(1, 4).map((item) => batcher.add(item))
    let flushed = false
    const flush = batcher.flush().then(() => (flushed = true))
    added.push(batcher.add(5))
    for (let call = 0; call < 2; call++) {
      expect(flushed).toBe(false)
      calls[call]?.finish()
      await vi.advanceTimersByTimeAsync(0)
    }
    await flush
    expect(batches()).toEqual([[1, 2], [3, 4], [5]].slice(0, calls.length))
    await vi.advanceTimersByTimeAsync(5_000)
    calls[2]?.finish()
    await Promise.all(added)
  })

  it('counts an item once, whose result comes after everybody left', async () => {
    const { batcher, calls } = held({ maxBatchSize: 1 })
    const controller = new AbortController()
    const left = batcher.add(1, { signal: controller.signal })
    const added = batcher.add(2)
    let flushed = false
    const flush = batcher.flush().then(() => (flushed = true))
    controller.abort('left')
    await expect(left).rejects.toBe('left')
    calls[0]?.finish()
    await vi.advanceTimersByTimeAsync(0)
    expect(flushed).toBe(false)
    calls[1]?.finish()
    await flush
    expect(await added).toBe(20)
  })

  it('leaves the window of later adds alone', async () => {
    const { batcher, batches } = quick()
    void batcher.add(1)
    await batcher.flush()
    void batcher.add(2)
    await vi.advanceTimersByTimeAsync(4_999)
    expect(batches).toEqual([[1]])
    await vi.advanceTimersByTimeAsync(1)
    expect(batches).toEqual([[1], [2]])
  })

  it('resolves when there is nothing to do, and when items fail', async () => {
    const batcher = createBatcher<number, number>(() => Promise.reject(new Error('down')))
    await batcher.flush()
    const added = batcher.add(1)
    added.catch(() => undefined)
    await batcher.flush()
    await expect(added).rejects.toThrow('down')
  })
})

describe('close', () => {
  it('drains: what is queued or waits for room goes at once, and later adds reject', async () => {
    const { batcher, batches } = quick({ maxBatchSize: 2, maxConcurrentBatches: 1, maxQueueItems: 2 })
    const added = range(1, 7).map((item) => batcher.add(item))
    await batcher.close()
    expect(await Promise.all(added)).toHaveLength(7)
    expect(batches.flat()).toEqual(range(1, 7))
    const error = await batcher.add(8).catch((thrown: unknown) => thrown)
    expect(BatcherClosedError.is(error)).toBe(true)
    expect(error).toMatchObject({ code: 'batcher_closed' })
  })

  it('aborts: everything rejects and calls under way are told, also by one that is deaf', async () => {
    const { batcher, calls } = held({ maxBatchSize: 2, maxConcurrentBatches: 1, maxQueueItems: 1 })
    const added = range(1, 5).map((item) => batcher.add(item).catch((error: unknown) => error))
    await batcher.close('abort')
    for (const error of await Promise.all(added)) expect(BatcherClosedError.is(error)).toBe(true)
    expect(BatcherClosedError.is(calls[0]?.signal.reason)).toBe(true)
    expect(calls).toHaveLength(1)
    expect(batcher.stats()).toMatchObject({
      aborted: 5,
      pending: 0,
      queuedItems: 0,
      waitingItems: 0,
      runningBatches: 1,
    })
    calls[0]?.finish()
    await vi.advanceTimersByTimeAsync(0)
    expect(batcher.stats()).toMatchObject({ succeeded: 0, runningBatches: 0 })
  })

  it('may abort what it was draining, and be called again', async () => {
    const { batcher, calls } = held({ maxBatchSize: 1 })
    const added = batcher.add(1).catch((error: unknown) => error)
    const drained = batcher.close()
    await batcher.close('abort')
    await drained
    await batcher.close()
    expect(BatcherClosedError.is(await added)).toBe(true)
    expect(calls).toHaveLength(1)
  })

  it('refuses a mode that does not exist', async () => {
    await expect(quick().batcher.close('now' as never)).rejects.toThrow(
      'mode must be one of "drain", "abort", got a string',
    )
  })
})

describe('a clock of one’s own', () => {
  it('decides when a batch goes, and leaves no real timer', async () => {
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

  it('that fails to wait makes batches small, not late', async () => {
    const clock = { now: () => 0, sleep: () => Promise.reject(new Error('no clock')) }
    const { batcher, batches } = quick({ clock })
    expect(await batcher.add(1)).toBe(10)
    expect(batches).toEqual([[1]])
  })
})

describe('the wait', () => {
  it('may be longer than a timer can be', async () => {
    const { batcher, batches } = quick({ maxWaitMs: 2 ** 31 + 1_000 })
    void batcher.add(1)
    await vi.advanceTimersByTimeAsync(2 ** 31)
    expect(batches).toEqual([])
    await vi.advanceTimersByTimeAsync(1_000)
    expect(batches).toEqual([[1]])
  })

  it('may have no end but a full batch, a flush or close', async () => {
    const { batcher, batches } = quick({ maxWaitMs: Infinity })
    void batcher.add(1)
    expect(vi.getTimerCount()).toBe(0)
    await batcher.close()
    expect(batches).toEqual([[1]])
  })
})

describe('its functions', () => {
  it('may be taken out of the object', async () => {
    const { add, flush, close, stats } = quick().batcher
    const added = add(1)
    await flush()
    await close()
    expect(await added).toBe(10)
    expect(stats()).toMatchObject({ adds: 1, succeeded: 1 })
  })
})

describe('options', () => {
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
  ])('that make no sense are refused: %j', (options, message) => {
    expect(() => createBatcher(async (items: readonly number[]) => items, options)).toThrow(
      new TypeError(message),
    )
  })

  it('of an add are checked, and what its functions throw rejects that add alone', async () => {
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
    await expect(batcher.add(-1)).rejects.toThrow('sizeOf must give bytes as a number of at least 0, got -1')
    await expect(batcher.add(7)).rejects.toThrow('no partition')
    expect(batcher.stats()).toMatchObject({ adds: 4, refused: 4, pending: 0, queuedItems: 0 })
  })

  it('need a function to run', () => {
    expect(() => createBatcher(undefined as never)).toThrow('run must be a function, got undefined')
  })
})
