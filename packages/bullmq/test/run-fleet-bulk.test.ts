import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { FleetItemError, PayloadTooLargeError, runFleetBulk } from '../src/index.ts'
import { keysOf } from './fleet.ts'
import { numbersTo, queuesOfTests, resultsOf } from './queue-of-test.ts'
import { hasRedis } from '../../redis/test/redis-server.ts'

describe.skipIf(!hasRedis)('runFleetBulk (needs redis-server)', () => {
  const { server, place, work, closeWorkers } = queuesOfTests()

  it('gives each id one result, and leaves nothing in Redis', async () => {
    const where = place()
    work((item: number) => item * 2, where)
    work((item: number) => item * 2, where)
    const run = runFleetBulk<number, number>(numbersTo(500), where)
    const results = await resultsOf(run)
    expect(results.map((result) => result.ok && result.value)).toEqual(numbersTo(500).map((item) => item * 2))
    expect(await run.summary).toMatchObject({ ok: 500, failed: 0, dropped: 0 })
    await closeWorkers()
    expect(await keysOf(server().url)).toEqual([])
  })

  it('leaves no timer, which would keep its process from ending', async () => {
    const where = place()
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] })
    onTestFinished(() => void vi.useRealTimers())
    work((item: number) => item * 2, where)
    const run = runFleetBulk<number, number>(numbersTo(20), where)
    expect(await resultsOf(run)).toHaveLength(20)
    await closeWorkers()
    // BullMQ has one that fires at once.
    vi.advanceTimersByTime(0)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('takes ids that BullMQ refuses, and runs items with equal contents apart', async () => {
    const where = place()
    work((item: { id: string }) => item.id, where)
    const ids = ['123', 'a:b', '', '0', 'ä€𝄞', '{x}', 'x'.repeat(5_000)]
    const run = runFleetBulk<{ id: string }, string>(
      ids.map((id) => ({ id })),
      { ...where, id: ({ id }) => id },
    )
    const results = await resultsOf(run)
    expect(results.map((result) => [result.id, result.ok && result.value])).toEqual(ids.map((id) => [id, id]))
  })

  it('passes the context of the run, and the same key in each attempt', async () => {
    const where = place()
    const contexts: unknown[] = []
    work((item: number, { id, index, attempt, idempotencyKey, report }) => {
      contexts.push({ id, index, attempt, idempotencyKey })
      report({ usage: { input: 10, output: 2 } })
      if (attempt === 1) throw Object.assign(new Error('busy'), { status: 429, code: 'slow_down' })
      return item
    }, where)
    const errors: unknown[] = []
    const run = runFleetBulk<number, number>([7], {
      ...where,
      retry: async (operation) => {
        try {
          return await operation()
        } catch (error) {
          errors.push(error)
          return operation()
        }
      },
    })
    expect(await resultsOf(run)).toMatchObject([{ ok: true, value: 7, attempts: 2 }])
    const key = expect.stringMatching(/^[\w-]{36}-0$/) as unknown
    expect(contexts).toEqual([
      { id: '0', index: 0, attempt: 1, idempotencyKey: key },
      { id: '0', index: 0, attempt: 2, idempotencyKey: key },
    ])
    expect(errors).toMatchObject([{ name: 'Error', message: 'busy', status: 429, code: 'slow_down' }])
    expect(FleetItemError.is(errors[0])).toBe(true)
    expect(await run.summary).toMatchObject({ retried: 1, tokens: { input: 20, output: 4 } })
  })

  it('fails an item whose error, result or text cannot go over Redis, and runs the others', async () => {
    const where = place()
    const given: Record<string, () => unknown> = {
      thrown: () => {
        throw new RangeError('x'.repeat(5_000))
      },
      text: () => {
        throw 'no error'
      },
      date: () => ({ at: new Date(0) }),
      bigint: () => 1n,
      nothing: () => undefined,
      null: () => null,
    }
    work((item: { name: string }) => given[item.name]?.(), where)
    const items = [...Object.keys(given).map((name) => ({ name })), { name: 'item', at: new Date(0) }]
    const results = await resultsOf(
      runFleetBulk<{ name: string }, unknown>([...items, { name: 'x'.repeat(17 * 1024 * 1024) }], where),
    )
    const outcomes = results.map((result) => (result.ok ? result.value : (result.error as Error)))
    expect(outcomes).toMatchObject([
      { name: 'RangeError', message: `${'x'.repeat(1_999)}…` },
      { name: 'Error', message: 'no error' },
      { name: 'UnwritableValueError', code: 'unwritable_value' },
      { name: 'UnwritableValueError' },
      // Of these two, the first has no value, as without workers.
      undefined,
      null,
      { name: 'TypeError' },
      { code: 'payload_too_large' },
    ])
    expect(PayloadTooLargeError.is(outcomes.at(-1))).toBe(true)
  })

  it('continues a run from its journal, without a worker', async () => {
    const where = place()
    work((item: number) => item + 1, where)
    await resultsOf(runFleetBulk<number, number>(numbersTo(20), where))
    await closeWorkers()
    const run = runFleetBulk<number, number>(numbersTo(20), { ...where, order: 'input' })
    const results = await resultsOf(run)
    expect(results.map((result) => result.resumed && result.ok && result.value)).toEqual(
      numbersTo(20).map((item) => item + 1),
    )
    expect(await keysOf(server().url)).toEqual([])
  })

  it('yields in the order of the source, and skips duplicates', async () => {
    const where = place()
    work(async (item: number) => {
      await new Promise((resolve) => setTimeout(resolve, item % 3))
      return item
    }, where)
    const run = runFleetBulk<number, number>([...numbersTo(60), 5, 6], {
      ...where,
      id: (item) => `i${item}`,
      onDuplicateId: 'skip',
      order: 'input',
    })
    const seen: number[] = []
    for await (const { index } of run) seen.push(index)
    expect(seen).toEqual(numbersTo(60))
    expect(await run.summary).toMatchObject({ ok: 60, skipped: 2 })
  })

  it.each(['ioredis', 'node-redis'])('takes a client of %s, and does not close it', async (library) => {
    const where = place()
    const client =
      library === 'ioredis' ? new Redis(server().url) : await createClient({ url: server().url }).connect()
    client.on('error', () => undefined)
    const connection = client as unknown as typeof where.connection
    work((item: number) => item, { ...where, connection })
    const run = runFleetBulk<number, number>(numbersTo(50), { ...where, connection })
    expect(await resultsOf(run)).toHaveLength(50)
    await closeWorkers()
    expect(await (client instanceof Redis ? client.ping() : client.ping())).toBe('PONG')
    if ('destroy' in client) client.destroy()
    else client.disconnect()
  })

  it('ends with a named error if Redis does not answer', async () => {
    const { journal } = place()
    const run = runFleetBulk([1], { queue: 'q', connection: 'redis://127.0.0.1:1', journal })
    await expect(resultsOf(run)).rejects.toMatchObject({ code: 'queue_unavailable' })
  }, 20_000)

  it('refuses a queue that the coordinator of another run uses, and takes over the one of a dead run', async () => {
    const where = place()
    const other = { ...where, journal: place().journal }
    const held = runFleetBulk<number, number>([1], where)
    const results = resultsOf(held)
    await expect.poll(() => keysOf(server().url)).toContain(`{harbor:bulk1:${where.queue}}:lease`)
    await expect(resultsOf(runFleetBulk([1], other))).rejects.toMatchObject({ code: 'queue_in_use' })
    // As if the process of the first run was gone: its lease expires, and its job is in the queue.
    const client = new Redis(server().url)
    await client.set(`{harbor:bulk1:${where.queue}}:lease`, 'dead coordinator', 'PX', 700)
    const called: number[] = []
    const next = runFleetBulk<number, number>([2], other)
    const taken = resultsOf(next)
    await expect(results).rejects.toMatchObject({ code: 'queue_in_use' })
    work((item: number) => called.push(item), other)
    expect(await taken).toMatchObject([{ ok: true }])
    expect(called).toEqual([2])
    client.disconnect()
  })

  it('refuses options that it cannot use', () => {
    const where = place()
    const refused = (more: object): (() => unknown) => {
      return () => runFleetBulk([1], { ...where, ...more })
    }
    expect(refused({ queue: 'a:b' })).toThrow('queue must be a name')
    expect(refused({ connection: 'localhost' })).toThrow('connection must be a URL')
    expect(refused({ journal: undefined })).toThrow('journal is required')
    expect(refused({ concurrency: 10_001 })).toThrow('at most 10000')
    expect(refused({ prefix: '{x}' })).toThrow('prefix must be')
    expect(refused({ nonsense: 1 })).toThrow('nonsense')
  })
})
