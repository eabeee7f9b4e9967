import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { held, settled } from '../../test/bulk.ts'
import { ResultRate } from './run-counters.ts'
import { runBulk } from './run-bulk.ts'

type Step = { kind: 'end' | 'fail' | 'take' | 'give' | 'pause' | 'resume'; which: number } | { kind: 'abort' }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 30,
    arbitrary: fc.record({ kind: fc.constantFrom('end' as const, 'fail' as const), which: fc.nat(9) }),
  },
  {
    weight: 30,
    arbitrary: fc.record({ kind: fc.constantFrom('take' as const, 'give' as const), which: fc.nat(9) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constantFrom('pause' as const, 'resume' as const), which: fc.nat(1) }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'abort' as const }) },
)

describe('progress', () => {
  it('adds up at all times, whatever happens', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 80 }),
        fc.record({
          concurrency: fc.integer({ min: 1, max: 5 }),
          readAhead: fc.nat(4),
          order: fc.constantFrom('completion' as const, 'input' as const),
        }),
        async (steps, options) => {
          const given: ((item: IteratorResult<number>) => void)[] = []
          let next = 0
          const source: AsyncIterable<number> = {
            [Symbol.asyncIterator]: () => ({
              next: () => new Promise<IteratorResult<number>>((resolve) => given.push(resolve)),
            }),
          }
          const { calls, run } = held<number>()
          const bulk = runBulk(source, run, {
            ...options,
            id: (item) => String(item % 20),
            onDuplicateId: 'skip',
            stopWhen: { failures: 10 },
          })
          const loop = bulk[Symbol.asyncIterator]()
          const open: typeof calls = []
          let taken = 0
          const check = (): void => {
            const { read, queued, inFlight, ok, failed, skipped, dropped } = bulk.progress()
            expect(read).toBe(queued + inFlight + ok + failed + skipped + dropped)
            for (const count of [queued, inFlight, ok, failed, skipped, dropped]) {
              expect(count).toBeGreaterThanOrEqual(0)
            }
            expect(inFlight).toBeLessThanOrEqual(options.concurrency)
            expect(queued).toBeLessThanOrEqual(Math.max(options.readAhead, 1))
            expect(taken).toBeLessThanOrEqual(ok + failed)
          }
          const take = (): void =>
            void loop.next().then(
              ({ done }) => (done === true ? undefined : taken++),
              () => undefined,
            )
          take()
          for (const each of steps) {
            if (each.kind === 'abort') bulk.abort('enough')
            else if (each.kind === 'take') take()
            else if (each.kind === 'give') given.shift()?.({ done: false, value: next++ })
            else if (each.kind === 'pause') bulk.pause()
            else if (each.kind === 'resume') bulk.resume()
            else {
              open.push(...calls.splice(0))
              const [call] = open.splice(each.which % Math.max(1, open.length), 1)
              if (each.kind === 'end') call?.resolve(1)
              else call?.reject(new Error('down'))
            }
            check()
            await settled()
            check()
          }
          await loop.return?.()
          check()
          expect(bulk.progress()).toMatchObject({ queued: 0, inFlight: 0 })
        },
      ),
      { numRuns: 150 },
    )
  })

  it('reports the rate, and the time left if the total is known', async () => {
    let now = 1_000_000
    const { calls, run } = held<number>()
    const bulk = runBulk(
      Array.from({ length: 100 }, (_, at) => at),
      run,
      { concurrency: 100, clock: { now: () => now } },
    )
    expect(bulk.progress()).toMatchObject({ total: 100, ratePerMinute: 0, etaMs: undefined })
    const summary = bulk.summary
    await settled()
    now += 10_000
    for (const call of calls.slice(0, 20)) call.resolve(1)
    await settled()
    expect(bulk.progress()).toMatchObject({ ok: 20, ratePerMinute: 120, etaMs: 40_000 })
    for (const call of calls) call.resolve(1)
    expect(await summary).toMatchObject({ ok: 100, durationMs: 10_000 })
    expect(bulk.progress().etaMs).toBe(0)
  })

  it('uses the total of the options', () => {
    const source = (function* () {
      yield 1
    })()
    expect(runBulk(source, async () => 1).progress().total).toBeUndefined()
    expect(runBulk(source, async () => 1, { total: 7 }).progress().total).toBe(7)
  })

  it('counts the rate of the last minute, in steps of five seconds', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20_000), { maxLength: 60 }), (gaps) => {
        const rate = new ResultRate(0)
        const times: number[] = []
        let now = 0
        for (const gap of gaps) {
          now += gap
          rate.add(now)
          times.push(now)
          const since = Math.max(0, (Math.floor(now / 5_000) - 11) * 5_000)
          const count = times.filter((time) => time >= since).length
          expect(rate.perMinute(now)).toBeCloseTo(now > since ? (count * 60_000) / (now - since) : 0)
        }
        expect(rate.perMinute(now + 60_000)).toBe(0)
      }),
    )
  })
})
