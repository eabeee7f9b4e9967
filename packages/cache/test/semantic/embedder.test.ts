import { describe, expect, it, vi } from 'vitest'
import { createSemanticCache, type SemanticCacheOptions } from '../../src/semantic/index.ts'
import { pass, withFakeTime } from '../harness.ts'

withFakeTime()

const ASKED = { partition: 'p', text: 'What is the height of the tower?' }
const STORED = { partition: 'p', text: 'How tall is the tower?', value: '330 m' }
const FAILED = { status: 'miss', reason: 'embed-failed' }

function cacheWith(
  embed: SemanticCacheOptions<string>['embed'],
  options: Partial<SemanticCacheOptions<string>> = {},
) {
  const errors: unknown[] = []
  const onError = (error: unknown): void => void errors.push(error)
  return {
    errors,
    cache: createSemanticCache<string>({ embed, shadow: false, judge: () => true, onError, ...options }),
  }
}

describe('the embedder', () => {
  it.each<[string, unknown]>([
    ['no list', 'vector'],
    ['an empty list', []],
    ['NaN', [1, NaN]],
    ['infinity', [1, Infinity]],
    ['zeros', [0, 0]],
    ['texts', ['1', '2']],
    ['holes', new Array(3)],
    ['nothing', undefined],
    ['a view of bytes', new DataView(new ArrayBuffer(8))],
  ])('that returns %s makes a miss, reports an error, and fails no call', async (_what, vector) => {
    const { cache, errors } = cacheWith(() => vector as number[])
    expect(await cache.lookup(ASKED)).toEqual(FAILED)
    expect(await cache.store(STORED)).toBe(false)
    expect(errors).toHaveLength(2)
    expect(String(errors[0])).toMatch(/^TypeError: embed must return/)
    expect(cache.report().embedFailures).toBe(2)
  })

  it('that returns vectors of another length than before makes a miss', async () => {
    const { cache, errors } = cacheWith((text) => (text === ASKED.text ? [1, 0, 0] : [1, 0]))
    await cache.store(STORED)
    expect(await cache.lookup(ASKED)).toEqual(FAILED)
    expect(String(errors[0])).toBe('TypeError: embed must return 2 numbers, as before, got 3')
  })

  it('that returns vectors of another length several times has changed: what is stored is dropped', async () => {
    let length = 2
    const { cache } = cacheWith(() => new Array<number>(length).fill(1))
    await cache.store(STORED)
    length = 3
    const old = await cache.lookup(ASKED)
    expect(old).toEqual(FAILED)
    expect(await cache.lookup(ASKED)).toEqual(FAILED)
    expect(await cache.lookup(ASKED)).toEqual({ status: 'miss', reason: 'none-near' })
    expect(cache.report().entries).toBe(0)
    await cache.store(STORED)
    expect((await cache.lookup(ASKED)).status).toBe('hit')
  })

  it('whose vectors changed their length between lookup and store stores nothing that cannot be compared', async () => {
    let length = 2
    const { cache } = cacheWith(() => new Array<number>(length).fill(1))
    const lookup = await cache.lookup(STORED_QUESTION)
    length = 3
    for (let at = 0; at < 3; at++) await cache.lookup({ partition: 'p', text: `Other ${at}` })
    await cache.store({ partition: 'p', text: 'Other', value: '' })
    expect(await cache.store({ ...STORED, lookup })).toBe(false)
    expect(await cache.lookup(ASKED)).toMatchObject({ status: 'miss' })
  })

  it.each<[string, ArrayLike<number>, ArrayLike<number>]>([
    ['of any length', [1e-300, 0], [5e300, 0]],
    ['of other types', Float32Array.of(1, 1), Int8Array.of(127, 127)],
  ])('may return vectors %s', async (_what, one, other) => {
    const { cache } = cacheWith((text) => (text === ASKED.text ? one : other))
    await cache.store(STORED)
    expect(await cache.lookup(ASKED)).toMatchObject({
      status: 'hit',
      similarity: expect.closeTo(1, 5) as number,
    })
  })

  it('does not see its vectors change when they are changed later', async () => {
    const shared = [1, 0]
    const { cache } = cacheWith(() => shared)
    await cache.store(STORED)
    shared[0] = 0
    shared[1] = 1
    expect(await cache.lookup(ASKED)).toEqual({ status: 'miss', reason: 'none-near' })
  })

  it('that throws or rejects makes a miss', async () => {
    const embed = vi.fn<() => Promise<number[]>>()
    const { cache, errors } = cacheWith(embed)
    embed.mockImplementationOnce(() => {
      throw new Error('thrown')
    })
    expect(await cache.lookup(ASKED)).toEqual(FAILED)
    embed.mockRejectedValueOnce(new Error('rejected'))
    expect(await cache.lookup(ASKED)).toEqual(FAILED)
    expect(errors.map(String)).toEqual(['Error: thrown', 'Error: rejected'])
  })

  it('that hangs costs a lookup its timeout, and is aborted', async () => {
    let signal: AbortSignal | undefined
    const { cache, errors } = cacheWith(
      (_text, context) => {
        signal = context.signal
        return new Promise(() => undefined)
      },
      { embedTimeoutMs: 50 },
    )
    const waiting = cache.lookup(ASKED)
    await pass(49)
    expect(signal?.aborted).toBe(false)
    await pass(1)
    expect(await waiting).toEqual(FAILED)
    expect(signal?.aborted).toBe(true)
    expect((errors[0] as Error).name).toBe('TimeoutError')
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is left alone for ten seconds after three failures, then probed by one call', async () => {
    let works = false
    const embed = vi.fn(async () => {
      if (!works) throw new Error('down')
      return [1, 0]
    })
    const { cache } = cacheWith(embed)
    for (let at = 0; at < 5; at++) await cache.lookup(ASKED)
    expect(embed).toHaveBeenCalledTimes(3)
    await pass(10_001)
    await Promise.all(['a', 'b', 'c'].map((text) => cache.lookup({ partition: 'p', text })))
    expect(embed).toHaveBeenCalledTimes(4)
    await pass(10_001)
    works = true
    await cache.lookup(ASKED)
    await Promise.all(['a', 'b', 'c'].map((text) => cache.lookup({ partition: 'p', text })))
    expect(embed).toHaveBeenCalledTimes(8)
  })

  it('is called once for concurrent lookups of one text, also in several partitions', async () => {
    const vector = Promise.withResolvers<number[]>()
    const embed = vi.fn(() => vector.promise)
    const { cache } = cacheWith(embed)
    const waiting = ['p', 'p', 'q'].map((partition) => cache.lookup({ ...ASKED, partition }))
    vector.resolve([1, 0])
    await Promise.all(waiting)
    expect(embed).toHaveBeenCalledTimes(1)
  })

  it('is not called for a text that is stored, nor to store what was looked up', async () => {
    const embed = vi.fn(() => [1, 0])
    const { cache } = cacheWith(embed)
    const lookup = await cache.lookup(STORED_QUESTION)
    expect(await cache.store({ ...STORED, lookup })).toBe(true)
    expect(await cache.lookup(STORED_QUESTION)).toMatchObject({ status: 'hit', similarity: 1 })
    expect(embed).toHaveBeenCalledTimes(1)
    // The result of another lookup says nothing of this text.
    await cache.store({ ...STORED, text: 'Something else', lookup })
    expect(embed).toHaveBeenCalledTimes(2)
  })

  it('goes on for others when one caller leaves', async () => {
    const vector = Promise.withResolvers<number[]>()
    const { cache } = cacheWith(() => vector.promise)
    const controller = new AbortController()
    const leaving = cache.lookup({ ...ASKED, signal: controller.signal })
    const staying = cache.lookup(ASKED)
    const reason = new Error('left')
    controller.abort(reason)
    await expect(leaving).rejects.toBe(reason)
    vector.resolve([1, 0])
    expect(await staying).toEqual({ status: 'miss', reason: 'none-near' })
    await expect(cache.lookup({ ...ASKED, signal: controller.signal })).rejects.toBe(reason)
  })

  it('waits for at most 256 texts at the same time', async () => {
    const embed = vi.fn(() => new Promise<number[]>(() => undefined))
    const { cache } = cacheWith(embed, { embedTimeoutMs: 10 })
    const waiting = Array.from({ length: 300 }, (_, at) => cache.lookup({ partition: 'p', text: String(at) }))
    await pass(10)
    expect(await Promise.all(waiting)).toEqual(new Array(300).fill(FAILED))
    expect(embed).toHaveBeenCalledTimes(256)
  })
})

const STORED_QUESTION = { partition: 'p', text: STORED.text }
