import { describe, expect, it } from 'vitest'
import { runFleetBulk } from '../src/index.ts'
import { numbersTo, queuesOfTests, resultsOf } from './queue-of-test.ts'
import { hasRedis } from '../../redis/test/redis-server.ts'

const ITEMS = 300
const TEXT = 'x'.repeat(200_000)

describe.skipIf(!hasRedis)('Redis whose memory is full of queued items (needs redis-server)', () => {
  const { place, work } = queuesOfTests('--maxmemory', '24mb', '--maxmemory-policy', 'noeviction')

  it('gives each id one result, and calls none twice', async () => {
    const where = place()
    const run = runFleetBulk<{ index: number; text: string }, number>(
      numbersTo(ITEMS).map((index) => ({ index, text: TEXT })),
      { ...where, concurrency: ITEMS },
    )
    const results = resultsOf(run)
    const calls: number[] = []
    work(({ index }: { index: number }) => {
      calls.push(index)
      return index
    }, where)
    expect((await results).map((result) => result.ok && result.value)).toEqual(numbersTo(ITEMS))
    expect(calls.toSorted((one, other) => one - other)).toEqual(numbersTo(ITEMS))
  })

  it('can be stopped while no worker takes anything', async () => {
    const run = runFleetBulk<string, number>(
      numbersTo(ITEMS).map(() => TEXT),
      { ...place(), concurrency: ITEMS },
    )
    const results = resultsOf(run)
    await expect.poll(() => run.progress().inFlight).toBe(ITEMS)
    await new Promise((resolve) => setTimeout(resolve, 500))
    run.stop()
    expect(await results).toEqual([])
    expect(await run.summary).toMatchObject({ ok: 0, dropped: ITEMS })
  })
})
