import { describe, expect, it } from 'vitest'
import { all, counted, held, idsOf, outcome, range, settled } from '../../test/bulk.ts'
import { DuplicateIdError } from './errors.ts'
import { runBulk } from './run-bulk.ts'

const double = async (item: number): Promise<number> => item * 2

describe('a bulk run with a slow consumer', () => {
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

  it('reports that it waits for the consumer, for slots, for the source', async () => {
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

describe('a bulk run in input order', () => {
  it('stays within the reorder window and pauses the source while item 0 hangs', async () => {
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

  it('keeps the order, however long items take, failures and skipped items included', async () => {
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

describe('the ids of items', () => {
  const items = [{ id: 'a' }, { id: 'b' }, { id: 'a' }, { id: 'c' }]
  const id = (item: { id: string }) => item.id

  it('end the run with a DuplicateIdError if one occurs twice, after the results of earlier items', async () => {
    const { results, error } = await outcome(runBulk(items, async () => 1, { id }))
    expect(idsOf(results)).toEqual(['a', 'b'])
    expect(DuplicateIdError.is(error)).toBe(true)
    expect(error).toMatchObject({ code: 'duplicate_id', id: 'a', firstIndex: 0, index: 2 })
    expect((error as Error).message).toContain('items 0 and 2 have the same id')
  })

  it('are skipped if they occur again, with onDuplicateId skip', async () => {
    const run = runBulk(items, async () => 1, { id, onDuplicateId: 'skip' })
    expect(idsOf(await all(run))).toEqual(['a', 'b', 'c'])
    expect((await run.summary).skipped).toBe(1)
  })

  it('must be strings', async () => {
    const { error } = await outcome(runBulk([1], double, { id: () => 7 as unknown as string }))
    expect((error as Error).message).toBe('id must return a string, got 7')
  })
})
