import { describe, expect, it, vi } from 'vitest'
import { createCache, type Source } from '../src/index.ts'
import { bytes, pass, readAll, withFakeTime } from './harness.ts'

withFakeTime()

const newCache = (): ReturnType<typeof createCache<Uint8Array>> => createCache<Uint8Array>({ ttlJitter: 0 })

describe('a recorded answer', () => {
  it('is served stale during a refresh and in an outage', async () => {
    const cache = createCache<Uint8Array>({
      ttlMs: 1_000,
      ttlJitter: 0,
      staleWhileRevalidateMs: 1_000,
      staleIfErrorMs: 10_000,
    })
    const answering = (content: string) => (): Source<null> => ({
      head: null,
      body: (async function* () {
        yield bytes(content)
      })(),
    })
    await readAll((await cache.record('key', answering('first'))).body)
    await pass(1_500)
    const stale = await cache.record('key', answering('second'))
    expect(stale).toMatchObject({ status: 'stale', reason: 'revalidating' })
    expect(await readAll(stale.body)).toBe('first')
    await pass(0)
    expect(await readAll((await cache.record('key', answering('third'))).body)).toBe('second')

    await pass(5_000)
    const outage = await cache.record('key', () => {
      throw Object.assign(new Error('down'), { status: 503 })
    })
    expect(outage).toMatchObject({ status: 'stale', reason: 'load-failed' })
    expect(await readAll(outage.body)).toBe('second')
    expect(await cache.replay('key')).toBeUndefined()
    const asked = await cache.replay('key', { stale: 'if-error' })
    expect(asked).toMatchObject({ status: 'stale', reason: 'requested' })
  })

  it('is cached or not as the source decides before its body ends', async () => {
    const cache = newCache()
    const open =
      (refuse: boolean) =>
      (context: { refuse: (reason: string) => void; cacheFor: (options: object) => void }): Source<null> => ({
        head: null,
        body: (async function* () {
          yield bytes('content')
          if (refuse) context.refuse('fallback')
          else context.cacheFor({ ttlMs: 5_000 })
        })(),
      })
    const refused = await cache.record('key', open(true))
    await readAll(refused.body)
    expect(await refused.stored).toBe('fallback')
    const kept = await cache.record('key', open(false))
    await readAll(kept.body)
    expect(await kept.stored).toBe(true)
    await pass(5_000)
    expect(await cache.replay('key')).toBeUndefined()
    expect(cache.stats().refused).toEqual({ fallback: 1 })
  })

  it('reaches the caller whole if it cannot be cached: too large, incomplete, or with a head that is not JSON', async () => {
    const onError = vi.fn()
    const cache = createCache<Uint8Array>({ maxBytes: 400, onError })
    const answering = (head: unknown, content: string) => (): Source<unknown> => ({
      head,
      body: (async function* () {
        yield bytes(content)
      })(),
    })
    const thrown = new Error('from isComplete')
    const cases = [
      [null, 'x'.repeat(400), 'too-large', () => true],
      [null, 'short', 'incomplete', () => false],
      [null, 'short', 'half', () => 'half'],
      [
        null,
        'short',
        'incomplete',
        (): boolean => {
          throw thrown
        },
      ],
      [1n, 'short', 'unencodable', () => true],
    ] as const
    for (const [head, content, why, isComplete] of cases) {
      const answer = await cache.record('key', answering(head, content), { isComplete })
      expect(answer.head).toBe(head)
      expect(await readAll(answer.body)).toBe(content)
      expect(await answer.stored).toBe(why)
      expect(await cache.replay('key')).toBeUndefined()
    }
    expect(cache.stats().refused).toEqual({ 'too-large': 1, incomplete: 2, half: 1, unencodable: 1 })
    expect(onError.mock.calls.flat()).toEqual([thrown, expect.any(TypeError)])
  })
})

describe('a recorded text', () => {
  it('is cached at once, and readable as text and as bytes by all callers', async () => {
    const cache = newCache()
    const gate = Promise.withResolvers<undefined>()
    const open = async (): Promise<Source<{ status: number }>> => {
      await gate.promise
      return { head: { status: 200 }, body: 'Grüße' }
    }
    const [first, joined] = [cache.record('key', open), cache.record('key', open)]
    gate.resolve(undefined)
    for (const answer of [await first, await joined, await cache.record('key', open)]) {
      expect(answer).toMatchObject({ head: { status: 200 }, body: { text: 'Grüße' } })
      expect(await readAll(answer.body)).toBe('Grüße')
      expect(await answer.body.next()).toMatchObject({ done: true })
      expect(await answer.stored).toBe(true)
    }
    expect(cache.stats()).toMatchObject({ misses: 1, shared: 1, hits: 1, entries: 1 })
    const left = await cache.record('key', open)
    left.body.cancel()
    expect(await left.body.next()).toMatchObject({ done: true })
    expect(await readAll((await cache.record('empty', () => ({ head: null, body: '' }))).body)).toBe('')
  })

  it('is not cached if the load refuses it, if it is too long in bytes, or with control bypass', async () => {
    const cache = newCache()
    const answer = (body: string) => () => ({ head: null, body })
    const refused = await cache.record('key', ({ refuse }) => {
      refuse('length')
      return { head: null, body: 'cut' }
    })
    expect(await refused.stored).toBe('length')
    const long = await cache.record('key', answer('üü'), { maxRecordBytes: 3 })
    expect(await long.stored).toBe('too-large')
    expect(await readAll(long.body)).toBe('üü')
    const past = await cache.record('key', answer('text'), { control: 'bypass' })
    expect(await past.stored).toBe('bypass')
    expect(cache.stats().entries).toBe(0)
    expect(await (await cache.record('key', answer('üü'), { maxRecordBytes: 4 })).stored).toBe(true)
  })

  it('is not cached if all callers have left before it is there', async () => {
    const cache = newCache()
    const controller = new AbortController()
    const reason = new Error('enough')
    const signals: AbortSignal[] = []
    const gate = Promise.withResolvers<undefined>()
    const pending = cache.record(
      'key',
      async ({ signal }) => {
        signals.push(signal)
        await gate.promise
        return { head: null, body: 'too late' }
      },
      { signal: controller.signal },
    )
    await pass(0)
    controller.abort(reason)
    await expect(pending).rejects.toBe(reason)
    gate.resolve(undefined)
    await pass(0)
    expect(signals[0]?.aborted).toBe(true)
    expect(cache.stats()).toMatchObject({ entries: 0, stored: 0 })
  })
})
