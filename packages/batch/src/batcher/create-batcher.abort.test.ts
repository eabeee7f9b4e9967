import { describe, expect, it, vi } from 'vitest'
import { BatcherClosedError } from './errors.ts'
import { createBatcher } from './create-batcher.ts'
import { held, quick, range } from '../../test/batcher.ts'

describe('an abort of an add', () => {
  it('removes a queued item: the function never sees it, and the batch refills', async () => {
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

  it('rejects the add at once with its own reason if it came before', async () => {
    const { batcher, batches } = quick({ maxBatchSize: 1 })
    await expect(batcher.add(1, { signal: AbortSignal.abort('early') })).rejects.toBe('early')
    expect(batches).toEqual([])
    expect(batcher.stats()).toMatchObject({ adds: 1, aborted: 1 })
  })

  it('aborts the signal of the call if it is that of all items in flight, not of one', async () => {
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

  it('aborts the call if it is that of the last unsettled items', async () => {
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

  it('needs one listener on a signal shared by many adds, and none when they are done', async () => {
    const { signal } = new AbortController()
    const listen = vi.spyOn(signal, 'addEventListener')
    const leave = vi.spyOn(signal, 'removeEventListener')
    const { batcher } = quick()
    await Promise.all(range(1, 1_000).map((item) => batcher.add(item, { signal })))
    expect(listen.mock.calls.length).toBeLessThanOrEqual(2)
    expect(leave).toHaveBeenCalledTimes(listen.mock.calls.length)
  })

  it('makes room for a waiting add', async () => {
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

describe('flush', () => {
  it('sends queued items at once and resolves when all items added before have their results', async () => {
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

  it('counts an item once if its result comes after all callers have left', async () => {
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

  it('does not change the wait of later adds', async () => {
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
  it('sends what is queued or waits for room at once, and rejects later adds', async () => {
    const { batcher, batches } = quick({ maxBatchSize: 2, maxConcurrentBatches: 1, maxQueueItems: 2 })
    const added = range(1, 7).map((item) => batcher.add(item))
    await batcher.close()
    expect(await Promise.all(added)).toHaveLength(7)
    expect(batches.flat()).toEqual(range(1, 7))
    const error = await batcher.add(8).catch((thrown: unknown) => thrown)
    expect(BatcherClosedError.is(error)).toBe(true)
    expect(error).toMatchObject({ code: 'batcher_closed' })
  })

  it('rejects everything with mode abort, and aborts calls in flight, even if they ignore it', async () => {
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

  it('may abort what it was draining, and may be called again', async () => {
    const { batcher, calls } = held({ maxBatchSize: 1 })
    const added = batcher.add(1).catch((error: unknown) => error)
    const drained = batcher.close()
    await batcher.close('abort')
    await drained
    await batcher.close()
    expect(BatcherClosedError.is(await added)).toBe(true)
    expect(calls).toHaveLength(1)
  })

  it('rejects a mode that does not exist', async () => {
    await expect(quick().batcher.close('now' as never)).rejects.toThrow(
      'mode must be one of "drain", "abort", got a string',
    )
  })
})
