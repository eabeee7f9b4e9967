import { Redis } from 'ioredis'
import { describe, expect, it } from 'vitest'
import { runFleetBulk } from '../src/index.ts'
import { keysOf } from './fleet.ts'
import { numbersTo, queuesOfTests, resultsOf } from './queue-of-test.ts'
import { hasRedis } from '../../redis/test/redis-server.ts'

/** Items that a test holds back. */
function held() {
  const begun: number[] = []
  const signals: AbortSignal[] = []
  const waiting: (() => void)[] = []
  return {
    begun,
    signals,
    run: async (item: number, { signal }: { signal: AbortSignal }) => {
      begun.push(item)
      signals.push(signal)
      await new Promise<void>((resolve, reject) => {
        waiting.push(resolve)
        signal.addEventListener('abort', () => reject(signal.reason as Error))
      })
      return item
    },
    release: () => {
      for (const resolve of waiting.splice(0)) resolve()
    },
  }
}

describe.skipIf(!hasRedis)('a run over workers that is stopped (needs redis-server)', () => {
  const { server, place, work, closeWorkers } = queuesOfTests()

  it('answers what is in flight, drops what is queued, and can be continued', async () => {
    const where = place()
    const { begun, run: call, release } = held()
    work(call, { ...where, concurrency: 3 })
    const run = runFleetBulk<number, number>(numbersTo(40), { ...where, concurrency: 20 })
    const results = resultsOf(run)
    await expect.poll(() => begun.length).toBe(3)
    run.stop()
    // Nothing more begins, also when the worker has room.
    await expect.poll(() => run.progress().inFlight).toBe(3)
    release()
    expect((await results).map(({ index }) => index)).toEqual(begun.toSorted((a, b) => a - b))
    expect(await run.summary).toMatchObject({ ok: 3, failed: 0, dropped: 17, stoppedBy: 'stop' })
    expect(begun).toHaveLength(3)
    await closeWorkers()
    work((item: number) => item, where)
    const rest = runFleetBulk<number, number>(numbersTo(40), where)
    expect(await resultsOf(rest)).toHaveLength(40)
    expect(await rest.summary).toMatchObject({ ok: 37, resumed: 3 })
  })

  it('aborts the signals of calls in flight with the run, and the worker goes on with the next one', async () => {
    const where = place()
    const { begun, signals, run: call, release } = held()
    work(call, { ...where, concurrency: 2 })
    const run = runFleetBulk<number, number>(numbersTo(10), where)
    const results = resultsOf(run)
    await expect.poll(() => begun.length).toBe(2)
    run.abort(new Error('enough'))
    await expect(results).rejects.toThrow('enough')
    await expect.poll(() => signals.every(({ aborted }) => aborted)).toBe(true)
    const next = runFleetBulk<number, number>([100], { ...where, journal: place().journal })
    const taken = resultsOf(next)
    await expect.poll(() => begun).toContain(100)
    release()
    expect(await taken).toMatchObject([{ ok: true, value: 100 }])
    expect(begun).toHaveLength(3)
    // The state of the aborted run stays for a minute, for its workers.
    const left = (await keysOf(server().url)).filter((key) => key.includes(`:${where.queue}}`))
    expect(left).toEqual([expect.stringContaining(':run:')])
    const client = new Redis(server().url)
    expect(await client.pttl(left[0] ?? '')).toBeGreaterThan(0)
    client.disconnect()
  })

  it('ends when the consumer leaves the loop', async () => {
    const where = place()
    work((item: number) => item, where)
    const run = runFleetBulk<number, number>(numbersTo(1_000), where)
    for await (const { index } of run) if (index > 10) break
    expect(await run.summary).toMatchObject({ stoppedBy: 'consumer' })
  })

  it('stops by stopWhen, over all workers', async () => {
    const where = place()
    const fail = (): never => {
      throw new Error('no')
    }
    work(fail, { ...where, concurrency: 2 })
    work(fail, { ...where, concurrency: 2 })
    const run = runFleetBulk<number, number>(numbersTo(1_000), { ...where, stopWhen: { failures: 5 } })
    const { length } = await resultsOf(run)
    const { failed, stoppedBy } = await run.summary
    expect({ length, stoppedBy }).toEqual({ length: failed, stoppedBy: 'failures' })
    expect(failed).toBeLessThan(500)
  })

  it('ends after a stop though the only worker has died', async () => {
    const where = place()
    const run = runFleetBulk<number, number>(numbersTo(5), where)
    const results = resultsOf(run)
    const key = `{harbor:bulk1:${where.queue}}:${where.queue}`
    await expect.poll(() => keysOf(server().url)).toContain(`${key}:wait`)
    // As a killed worker leaves a job: in the list of active jobs, without a lock.
    const client = new Redis(server().url)
    await client.lmove(`${key}:wait`, `${key}:active`, 'RIGHT', 'LEFT')
    client.disconnect()
    run.stop()
    expect(await results).toEqual([])
    expect(await run.summary).toMatchObject({ dropped: 5 })
  })

  it('starts no items while it is paused, and counts those in the queue as waiting', async () => {
    const where = place()
    const run = runFleetBulk<number, number>(numbersTo(30), where)
    const results = resultsOf(run)
    await expect.poll(() => run.progress().waiting).toBe(30)
    run.pause()
    const called: number[] = []
    await expect
      .poll(async () => {
        const client = new Redis(server().url)
        const paused = await client.hexists(`{harbor:bulk1:${where.queue}}:${where.queue}:meta`, 'paused')
        client.disconnect()
        return paused
      })
      .toBe(1)
    work((item: number) => called.push(item), where)
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(called).toEqual([])
    run.resume()
    expect(await results).toHaveLength(30)
  })
})

describe.skipIf(!hasRedis)('a worker that is closed (needs redis-server)', () => {
  const { place, work } = queuesOfTests()

  it('lets calls in flight end within the time, and takes no more items', async () => {
    const where = place()
    const { begun, run: call, release } = held()
    const worker = work(call, { ...where, concurrency: 2 })
    const run = runFleetBulk<number, number>(numbersTo(3), where)
    const results = resultsOf(run)
    await expect.poll(() => begun.length).toBe(2)
    const closed = worker.close({ graceMs: 10_000 })
    release()
    await closed
    await expect.poll(() => run.progress()).toMatchObject({ ok: 2, inFlight: 1 })
    work((item: number) => item, where)
    expect(await results).toHaveLength(3)
    expect(begun).toHaveLength(2)
  })

  it('aborts the others, which go back to the queue before their locks expire', async () => {
    const where = place()
    const first = held()
    const worker = work(first.run, { ...where, concurrency: 5 })
    const run = runFleetBulk<number, number>(numbersTo(5), where)
    const results = resultsOf(run)
    await expect.poll(() => first.begun.length).toBe(5)
    const second = held()
    const startedAt = performance.now()
    const closed = worker.close({ graceMs: 50 })
    await closed
    expect(first.signals.every(({ aborted }) => aborted)).toBe(true)
    work(second.run, { ...where, concurrency: 5 })
    await expect.poll(() => second.begun.length).toBe(5)
    // A lock would hold for up to 8 seconds, and the check for lost ones comes every 3.
    expect(performance.now() - startedAt).toBeLessThan(6_000)
    second.release()
    expect(await results).toMatchObject(numbersTo(5).map((value) => ({ ok: true, value, attempts: 1 })))
  })

  it('closes earlier when it is closed again with a shorter time', async () => {
    const where = place()
    const { begun, run: call, signals } = held()
    const worker = work(call, where)
    const run = runFleetBulk<number, number>([1], where)
    const results = resultsOf(run)
    await expect.poll(() => begun.length).toBe(1)
    const closed = worker.close({ graceMs: 3_600_000 })
    await worker.close({ graceMs: 0 })
    await closed
    expect(signals[0]?.aborted).toBe(true)
    work((item: number) => item, where)
    expect(await results).toHaveLength(1)
  })

  it('does not wait for a call that ignores its signal', async () => {
    const where = place()
    let calls = 0
    const worker = work(() => {
      calls++
      return new Promise(() => undefined)
    }, where)
    const run = runFleetBulk<number, number>([1], where)
    const results = resultsOf(run)
    await expect.poll(() => calls).toBe(1)
    await worker.close({ graceMs: 0 })
    work(() => 5, where)
    expect(await results).toMatchObject([{ ok: true, value: 5 }])
  })
})
