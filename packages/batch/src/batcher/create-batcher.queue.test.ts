import { beforeEach, describe, expect, it, vi } from 'vitest'
import { QueueFullError } from '../errors.ts'
import { held, quick, range } from '../../test/batcher.ts'

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
    // The item 20 overtakes adds that wait for room: when it was added, it fitted into the queue beside 60.
    expect(batches().flat()).toEqual([1, 20, 60, 50, 40, 30, 500, 5])
    await Promise.all(added)
  })

  it('rejects adds with QueueFullError when they may not wait', async () => {
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
    'is sent at once instead of waiting for a batch that cannot fill (%s)',
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

  it('does not let a new add overtake a waiting one', async () => {
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

describe('an eager batcher', () => {
  const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] }))

  it('joins items added behind awaits of settled promises, as DataLoader does', async () => {
    const { batcher, batches } = held({ eager: true })
    const load = async (item: number, awaits: number): Promise<void> => {
      for (let each = 0; each < awaits; each++) await Promise.resolve()
      await batcher.add(item)
    }
    for (const [item, awaits] of [0, 1, 2, 10].entries()) void load(item, awaits)
    await nextTurn()
    expect(batches()).toEqual([[0, 1, 2, 3]])
  })

  it('uses a timer where there is no process.nextTick', async () => {
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

  it('sends at once what was added in the same tick while a slot is free, then collects', async () => {
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
