import { describe, expect, it, vi } from 'vitest'
import { createBatcher } from './create-batcher.ts'
import { held, range, outcomes } from '../../test/batcher.ts'

describe('a batcher that bisects', () => {
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

  it('rejects no item that was not tried alone, so a passing failure rejects none', async () => {
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

  it('counts the halves as one batch: one of maxConcurrentBatches, one batchId, one signal', async () => {
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

  it('leaves out items aborted in the meantime', async () => {
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

  it('share one entry and one result while it is in flight, and not after it', async () => {
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

  it('stay in the batch while any caller waits for them', async () => {
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

  it('start a new entry when all callers have left', async () => {
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

  it('start a new entry also when they are added in reaction to the abort of the others', async () => {
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

  it('share nothing across partitions', () => {
    const { batcher, batches } = held({ maxBatchSize: 1, key: () => 'same', partition: String })
    void batcher.add(1)
    void batcher.add(2)
    expect(batches()).toEqual([[1], [2]])
  })
})
