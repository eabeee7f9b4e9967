import { describe, expect, it, vi } from 'vitest'
import { requests } from '../../../test/provider-requests.ts'
import type { ProviderBatchRequest } from '../contracts.ts'
import type { BatchItemError } from '../errors.ts'
import type { BatchStateStore, StateRecord } from '../state/state-store.ts'
import { provider, client, batchOf, script } from '../../../test/provider-batch.ts'

describe('an abort of a run', () => {
  const submitted = async (options: { signal?: AbortSignal } = {}) => {
    script({ runMs: 60_000 })
    const run = batchOf({ maxRequests: 2, pollMs: 60_000 }).run(requests(4), options)
    const next = run[Symbol.asyncIterator]().next()
    next.catch(() => undefined)
    await expect.poll(() => provider.counts().batches.created).toBe(2)
    return { run, next }
  }
  const statuses = async () => (await client.batches.list()).data.map(({ status }) => status)

  it('ends the iteration with its reason, and leaves the batches at the provider', async () => {
    const { run, next } = await submitted()
    const reason = new Error('enough')
    await run.abort(reason)
    await expect(next).rejects.toBe(reason)
    expect(await statuses()).toEqual(['in_progress', 'in_progress'])
  })

  it('cancels the batches with cancelRemote', async () => {
    const { run, next } = await submitted()
    await run.abort(undefined, { cancelRemote: true })
    await expect(next).rejects.toMatchObject({ name: 'AbortError' })
    expect(await statuses()).toEqual(['cancelled', 'cancelled'])
  })

  it('cancels also a batch whose creation is not confirmed yet', async () => {
    script({ runMs: 60_000 }, [
      { when: { method: 'POST', path: '/batches' }, fault: { type: 'stream-stall', afterEvents: 0 } },
    ])
    const run = batchOf().run(requests(2))
    const next = run[Symbol.asyncIterator]().next()
    next.catch(() => undefined)
    await expect.poll(() => provider.counts().batches.created).toBe(1)
    script({ runMs: 60_000 })
    await run.abort('enough', { cancelRemote: true })
    expect(await statuses()).toEqual(['cancelled'])
  })

  it('requests once to cancel a batch that has ended already', async () => {
    const patient = { now: () => performance.now(), sleep: () => new Promise<void>(() => undefined) }
    const run = batchOf({ clock: patient }).run(requests(2))
    const next = run[Symbol.asyncIterator]().next()
    next.catch(() => undefined)
    await expect.poll(() => run.progress().activeBatches).toBe(1)
    await run.abort('enough', { cancelRemote: true })
    await expect(next).rejects.toBe('enough')
    expect(await statuses()).toEqual(['completed'])
  })

  it('does not wait for a source that hangs', async () => {
    async function* stuck(): AsyncGenerator<ProviderBatchRequest> {
      yield* requests(3)
      await new Promise(() => undefined)
    }
    const run = batchOf().run(stuck())
    const next = run[Symbol.asyncIterator]().next()
    next.catch(() => undefined)
    await expect.poll(() => run.progress().read).toBe(3)
    await run.abort('enough')
    await expect(next).rejects.toBe('enough')
  })

  it('can come from a signal, which keeps no listener', async () => {
    const controller = new AbortController()
    const add = vi.spyOn(controller.signal, 'addEventListener')
    const remove = vi.spyOn(controller.signal, 'removeEventListener')
    const { next } = await submitted({ signal: controller.signal })
    controller.abort('enough')
    await expect(next).rejects.toBe('enough')
    expect(remove).toHaveBeenCalledTimes(add.mock.calls.length)
    const late = batchOf().run(requests(1), { signal: controller.signal })
    await expect(late[Symbol.asyncIterator]().next()).rejects.toBe('enough')
  })
})

async function collected<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const list: Item[] = []
  for await (const item of items) list.push(item)
  return list
}

describe('a cancellation of a run', () => {
  it('submits no more, and yields what the batches answered until then', async () => {
    script({ runMs: 60_000, rules: [{ when: { batch: 1 }, fault: 'ok' }] })
    const run = batchOf({ maxRequests: 2, maxActiveBatches: 1, pollMs: 5 }).run(requests(4))
    const results = collected(run)
    await expect.poll(() => provider.counts().batches.created).toBe(1)
    await run.cancel()
    const reasons = (await results).map((result) =>
      result.ok ? 'answered' : (result.error as BatchItemError).reason,
    )
    expect(reasons).toEqual(['cancelled', 'cancelled'])
    expect(provider.counts().batches.created).toBe(1)
  })

  it('cancels also the batch that an earlier process created without recording it', async () => {
    script({ runMs: 60_000 })
    const records: StateRecord[] = []
    const state: BatchStateStore = {
      read: async () => records,
      append: async (record) => {
        if (record.type === 'created') throw new Error('killed')
        records.push(record)
      },
    }
    await expect(collected(batchOf({ state }).run(requests(2)))).rejects.toThrow('killed')
    const again = batchOf({
      state: { ...state, append: async (record) => void records.push(record) },
      pollMs: 5,
    })
    const run = again.run(requests(2))
    await run.cancel()
    const results = await collected(run)
    expect(results.map(({ ok }) => ok)).toEqual([false, false])
    expect((await client.batches.list()).data.map(({ status }) => status)).toEqual(['cancelled'])
  })
})
