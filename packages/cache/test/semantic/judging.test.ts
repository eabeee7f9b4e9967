import { describe, expect, it, vi } from 'vitest'
import {
  createSemanticCache,
  SemanticCacheOffError,
  type JudgedHit,
  type SemanticCache,
  type SemanticCacheOptions,
} from '../../src/semantic/index.ts'
import { pass, withFakeTime } from '../harness.ts'

withFakeTime()

const STORED = { partition: 'p', text: 'How tall is the tower?', value: '330 m' }
const ASKED = { partition: 'p', text: 'What is the height of the tower?' }

type Judge = NonNullable<SemanticCacheOptions<string>['judge']>

async function cacheWith(judge: Judge, options: Partial<SemanticCacheOptions<string>> = {}) {
  const errors: unknown[] = []
  const onError = (error: unknown): void => void errors.push(error)
  const cache = createSemanticCache<string>({
    embed: () => [1, 0],
    shadow: false,
    judge,
    onError,
    ...options,
  })
  await cache.store(STORED)
  return { cache, errors }
}

/** Makes lookups one after the other, each judged before the next, and counts those that were served. */
async function lookups(cache: SemanticCache<string>, count: number): Promise<number> {
  let served = 0
  for (let at = 0; at < count; at++) {
    const found = await cache.lookup(ASKED)
    if (found.status === 'hit') served++
    if (found.status === 'shadow-hit') await found.compare('330 m')
    await cache.idle()
  }
  return served
}

describe('the judge', () => {
  it('gets both texts and the cached answer of a served hit', async () => {
    const judge = vi.fn<Judge>(() => true)
    const { cache } = await cacheWith(judge)
    await lookups(cache, 1)
    const [hit] = judge.mock.calls[0] as [JudgedHit<string>]
    expect(hit).toMatchObject({
      text: ASKED.text,
      cachedText: STORED.text,
      answer: undefined,
      cachedAnswer: '330 m',
    })
    expect(hit.signal).toBeInstanceOf(AbortSignal)
  })

  it('gets both answers in shadow mode, once for each hit', async () => {
    const judge = vi.fn<Judge>(() => false)
    const { cache } = await cacheWith(judge, { shadow: true })
    const found = await cache.lookup(ASKED)
    if (found.status !== 'shadow-hit') throw new Error(found.status)
    expect(judge).not.toHaveBeenCalled()
    await Promise.all([found.compare('1,000 ft'), found.compare('1,000 ft')])
    expect(judge).toHaveBeenCalledTimes(1)
    expect(judge.mock.calls[0]?.[0]).toMatchObject({ answer: '1,000 ft', cachedAnswer: '330 m' })
    expect(cache.report()).toMatchObject({ judged: 1, wrong: 1, errorRate: 1, served: 0 })
  })

  it('delays no hit', async () => {
    const { cache } = await cacheWith(() => new Promise(() => undefined), { judgeTimeoutMs: 100 })
    expect((await cache.lookup(ASKED)).status).toBe('hit')
    const idle = cache.idle()
    await pass(100)
    await idle
    expect(cache.report()).toMatchObject({ judged: 0, judgeFailures: 1 })
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is not asked about equal texts, which would hide wrong hits', async () => {
    const judge = vi.fn<Judge>(() => true)
    const { cache } = await cacheWith(judge)
    for (let at = 0; at < 5; at++) await cache.lookup({ partition: 'p', text: STORED.text })
    await cache.idle()
    expect(judge).not.toHaveBeenCalled()
    expect(cache.report()).toMatchObject({ identical: 5, hits: 0, served: 5, judged: 0 })
  })

  it('is asked about all hits until the rate is proved, then about a share', async () => {
    const judge = vi.fn<Judge>(() => true)
    const { cache } = await cacheWith(judge, {
      maxErrorRate: 0.1,
      judgeShare: 0.25,
      random: sequence(0.1, 0.5, 0.9, 0.3),
    })
    while (cache.report().upperBound > 0.1) await lookups(cache, 1)
    const { judged } = cache.report()
    expect(judge).toHaveBeenCalledTimes(judged)
    await lookups(cache, 100)
    expect(judge).toHaveBeenCalledTimes(judged + 25)
  })

  it('is asked about at most 500 hits before only a share is judged', async () => {
    const judge = vi.fn<Judge>(() => true)
    const { cache } = await cacheWith(judge, {
      maxErrorRate: 0.0001,
      judgeShare: 0.5,
      random: sequence(0.4, 0.6),
    })
    await lookups(cache, 600)
    expect(judge).toHaveBeenCalledTimes(550)
  })

  it('keeps hits that should be judged from being served while 64 others still are', async () => {
    const { cache } = await cacheWith(() => new Promise(() => undefined), { judgeTimeoutMs: 100 })
    const found = await Promise.all(Array.from({ length: 70 }, () => cache.lookup(ASKED)))
    expect(found.filter(({ status }) => status === 'hit')).toHaveLength(64)
    expect(found.at(-1)).toEqual({ status: 'miss', reason: 'judge-busy' })
    const idle = cache.idle()
    await pass(100)
    await idle
  })

  it.each<[string, Judge]>([
    [
      'throws',
      () => {
        throw new Error('no')
      },
    ],
    [
      'rejects',
      async () => {
        throw new Error('no')
      },
    ],
    ['returns no boolean', (() => 'yes') as unknown as Judge],
  ])('that %s ten times in a row switches the cache off', async (_what, judge) => {
    const { cache, errors } = await cacheWith(judge)
    expect(await lookups(cache, 20)).toBe(10)
    expect(cache.report()).toMatchObject({
      state: 'off',
      offReason: 'judge-failed',
      judgeFailures: 10,
      judged: 0,
    })
    expect(errors).toHaveLength(11)
    expect(errors.filter((error) => SemanticCacheOffError.is(error))).toHaveLength(1)
  })

  it('that fails now and then does not', async () => {
    let calls = 0
    const { cache } = await cacheWith(() => {
      if (++calls % 10 !== 0) throw new Error('no')
      return true
    })
    expect(await lookups(cache, 100)).toBe(100)
    expect(cache.report()).toMatchObject({ state: 'serving', judged: 10, judgeFailures: 90 })
  })

  it('decides nothing after close()', async () => {
    const { cache, errors } = await cacheWith(() => new Promise(() => undefined))
    await cache.lookup(ASKED)
    cache.close()
    await cache.idle()
    expect(errors).toEqual([])
    expect(cache.report()).toMatchObject({ judged: 0, judgeFailures: 0 })
  })
})

describe('a semantic cache with wrong hits', () => {
  it('is switched off after two of them when all are wrong, reports it once, and asks the embedder no more', async () => {
    const embed = vi.fn(() => [1, 0])
    const { cache, errors } = await cacheWith(() => false, { embed })
    expect(await lookups(cache, 10)).toBe(2)
    expect(cache.report()).toMatchObject({
      state: 'off',
      offReason: 'wrong-hits',
      judged: 2,
      wrong: 2,
      served: 2,
    })
    expect(await cache.lookup(ASKED)).toEqual({ status: 'miss', reason: 'off' })
    expect(await cache.store(STORED)).toBe(false)
    expect(embed).toHaveBeenCalledTimes(3)
    expect(errors).toHaveLength(1)
    expect(errors[0]).toMatchObject({ code: 'semantic_cache_off', reason: 'wrong-hits', judged: 2, wrong: 2 })
  })

  it.each([true, false, 'until-proved'] as const)(
    'is switched off within 200 judged hits when every 20th is wrong, with shadow: %s',
    async (shadow) => {
      let calls = 0
      const { cache } = await cacheWith(() => ++calls % 20 !== 0, { shadow })
      await lookups(cache, 200)
      const { state, judged } = cache.report()
      expect(state).toBe('off')
      expect(judged).toBeLessThanOrEqual(200)
    },
  )

  it('stays off until reset(), and then begins again', async () => {
    let right = false
    const { cache } = await cacheWith(() => right)
    await lookups(cache, 3)
    right = true
    await pass(86_400_000)
    expect(cache.report().state).toBe('off')
    cache.reset()
    expect(cache.report()).toMatchObject({
      state: 'serving',
      judged: 0,
      wrong: 0,
      upperBound: 1,
      offReason: undefined,
    })
    await cache.store(STORED)
    expect(await lookups(cache, 5)).toBe(5)
  })

  it("serves with shadow: 'until-proved' only while the upper bound is at most the maximum", async () => {
    let right = true
    const { cache } = await cacheWith(() => right, { shadow: 'until-proved', maxErrorRate: 0.05 })
    expect(cache.report().state).toBe('proving')
    expect(await lookups(cache, 20)).toBe(0)
    while (cache.report().upperBound > 0.05) expect(await lookups(cache, 1)).toBe(0)
    expect(cache.report().state).toBe('serving')
    expect(await lookups(cache, 1)).toBe(1)
    // A wrong answer raises the bound: it is proved again before more are served.
    right = false
    const before = cache.report().judged
    while (cache.report().judged === before) await lookups(cache, 1)
    expect(cache.report().state).toBe('proving')
    expect(await lookups(cache, 1)).toBe(0)
  })
})

function sequence(...numbers: readonly number[]): () => number {
  let at = 0
  return () => numbers[at++ % numbers.length] ?? 0
}
