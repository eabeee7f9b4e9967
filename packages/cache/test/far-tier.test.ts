import { describe, expect, it, vi } from 'vitest'
import { createCache, type Cache, type CacheOptions } from '../src/index.ts'
import { sealEnvelope } from '../src/tiers/envelope.ts'
import { bytes, failing, hanging, pass, TestStore, watch, withFakeTime } from './harness.ts'

withFakeTime()

const with_ = (farTier: TestStore, options: CacheOptions<string> = {}): Cache<string> =>
  createCache({ farTier, ttlJitter: 0, clock: { now: () => Date.now() }, ...options })

describe('a cache with a far tier', () => {
  it('serves entries that another cache has stored', async () => {
    const store = new TestStore()
    await with_(store).set('key', 'value', { tags: ['tag'] })
    const other = with_(store)
    const load = vi.fn(async () => 'loaded')
    const answers = await Promise.all([1, 2, 3].map(() => other.load('key', load)))
    expect(answers.map(({ status, source, value }) => [status, source, value])).toEqual(
      Array(3).fill(['hit', 'far', 'value']),
    )
    expect(load).not.toHaveBeenCalled()
    expect(await other.load('key', load)).toMatchObject({ source: 'near' })
    // The three calls share one read of the entry and one of its tag.
    expect(store.calls.filter((call) => call === 'get')).toHaveLength(2)
  })

  it('answers within farReadTimeoutMs plus the load when the far tier hangs, and then skips it during a cooldown', async () => {
    const store = new TestStore()
    store.trouble = hanging
    const cache = with_(store, { farReadTimeoutMs: 50, farCooldownMs: 5_000 })
    const load = async (): Promise<string> => {
      await new Promise((resolve) => setTimeout(resolve, 20))
      return 'loaded'
    }
    const call = watch(cache.load('key', load))
    await pass(69)
    expect(call.settled).toBe(false)
    await pass(1)
    expect(call.value).toMatchObject({ value: 'loaded', status: 'miss', reason: 'far-failed' })
    expect(cache.stats().far).toMatchObject({ timeouts: 1, inCooldown: true })

    const calls = store.calls.length
    const next = watch(cache.load('other', load))
    await pass(20)
    expect(next.value).toMatchObject({ reason: 'far-cooldown' })
    expect(store.calls).toHaveLength(calls)

    // The store works again: one operation finds that out, then all operations are allowed.
    store.trouble = undefined
    await pass(5_000)
    expect(cache.stats().far.inCooldown).toBe(false)
    await watchAll(cache, load)
    expect(cache.stats().far.inCooldown).toBe(false)
    expect(cache.stats().far.misses).toBeGreaterThan(0)
  })

  it('does not take a process that is busy for a far tier that hangs', async () => {
    vi.useRealTimers()
    const store = new TestStore()
    await with_(store).set('key', 'value')
    // Its answer is there by the next turn of the event loop, like that of a store on a server.
    store.trouble = () => new Promise((resolve) => void setImmediate(resolve))
    const cache = with_(store, { farReadTimeoutMs: 20 })
    const call = cache.load('key', async () => 'loaded')
    const endsAt = performance.now() + 100
    while (performance.now() < endsAt);
    expect(await call).toMatchObject({ value: 'value', source: 'far' })
    expect(cache.stats().far).toMatchObject({ timeouts: 0, inCooldown: false })
  })

  it('counts an error of the far tier, and treats it as a miss', async () => {
    const store = new TestStore()
    store.trouble = failing
    const onError = vi.fn()
    const cache = with_(store, { onError })
    expect(await cache.load('key', async () => 'loaded')).toMatchObject({
      value: 'loaded',
      status: 'miss',
      reason: 'far-failed',
      stored: true,
    })
    await pass(0)
    expect(cache.stats().far).toMatchObject({ errors: 2, hits: 0, writes: 0, inCooldown: false })
    expect(onError).toHaveBeenCalledTimes(2)
    await cache.get('another')
    expect(cache.stats().far.inCooldown).toBe(true)
    expect((await cache.get('key'))?.value).toBe('loaded')
  })

  it('doubles the cooldown after each failed probe, and allows one probe at a time', async () => {
    const store = new TestStore()
    store.trouble = hanging
    const cache = with_(store, { farCooldownMs: 1_000 })
    const cooldowns: number[] = []
    for (let round = 0; round < 8; round++) {
      const reads = ['a', 'b', 'c'].map((key) => cache.get(key))
      await pass(50)
      await Promise.all(reads)
      const from = Date.now()
      while (cache.stats().far.inCooldown) await pass(100)
      cooldowns.push(Date.now() - from)
    }
    expect(cooldowns).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000])
    // Three reads before the first timeout, then one a round.
    expect(store.calls).toHaveLength(3 + 7)
  })

  it('copies an entry into memory with the time to live it has left', async () => {
    const store = new TestStore()
    await with_(store, { ttlMs: 60_000 }).set('key', 'value')
    await pass(50_000)
    const cache = with_(store, { ttlMs: 60_000 })
    expect(await cache.get('key')).toMatchObject({ source: 'far', ageMs: 50_000 })
    await pass(9_999)
    expect(await cache.get('key')).toMatchObject({ source: 'near', ageMs: 59_999 })
    await pass(1)
    expect(await cache.get('key')).toBeUndefined()
  })

  it('treats corrupt, truncated and unknown envelopes as counted misses', async () => {
    const store = new TestStore()
    await with_(store).set('key', 'value')
    const [name = '', good = new Uint8Array()] = [...store.values][0] ?? []
    const flipped = (at: number): Uint8Array => good.map((byte, index) => (index === at ? byte ^ 1 : byte))
    const bad: Record<string, unknown> = {
      empty: new Uint8Array(0),
      'too new': good.with(4, 2),
      'another version': good.with(4, 0),
      foreign: bytes('<html>not found</html>, and some more of it'),
      'under another key': sealEnvelope('another', entry()),
      'with an impossible time to live': sealEnvelope(name, {
        ...entry(),
        life: { ...entry().life, errorUntil: 1e300 },
      }),
      'no bytes at all': 'a string',
    }
    for (let at = 0; at < good.length; at++) {
      bad[`bit of byte ${at}`] = flipped(at)
      bad[`cut at ${at}`] = good.subarray(0, at)
    }
    const cache = with_(store)
    let count = 0
    for (const [what, value] of Object.entries(bad)) {
      store.values.set(name, value as Uint8Array)
      expect(await cache.get('key'), what).toBeUndefined()
      expect(cache.stats().far.unreadable, what).toBe(++count)
    }
    expect(await cache.load('key', async () => 'loaded')).toMatchObject({
      value: 'loaded',
      reason: 'far-unreadable',
    })
    await pass(0)
    expect((await with_(store).get('key'))?.value).toBe('loaded')
  })

  it('treats an entry that its codec cannot decode as a miss', async () => {
    const store = new TestStore()
    const codec = {
      encode: () => 'old form',
      decode: (): number => {
        throw new Error('unknown form')
      },
    }
    await createCache<number>({ farTier: store, codec }).set('key', 1)
    const cache = createCache<number>({ farTier: store, codec })
    expect(await cache.load('key', async () => 2)).toMatchObject({ value: 2, status: 'miss' })
    expect(cache.stats().far.unreadable).toBe(1)
  })

  it('does not serve entries that were deleted while the store was down, and deletes them from the store later', async () => {
    const store = new TestStore()
    const cache = with_(store)
    await cache.set('key', 'value')
    await cache.set('other', 'value', { tags: ['tag'] })
    store.trouble = failing
    await cache.delete('key')
    await cache.invalidateTag('tag')
    store.trouble = undefined
    await pass(60_000)
    expect(await cache.get('key')).toBeUndefined()
    expect(await cache.get('other')).toBeUndefined()
    await pass(0)
    expect([...store.values.keys()].sort()).toEqual(['harbor#tag', 'harbor:other'])
    expect(await with_(store).get('other')).toBeUndefined()
  })

  it('does not let a late write restore an entry that was deleted after it', async () => {
    const store = new TestStore()
    const late = Promise.withResolvers<undefined>()
    store.trouble = (operation) => (operation === 'set' ? late.promise.then(() => undefined) : undefined)
    const cache = with_(store)
    const setting = cache.set('key', 'old')
    await pass(500)
    await setting
    const deleting = cache.delete('key')
    await pass(500)
    await deleting
    late.resolve(undefined)
    await pass(60_000)
    expect(store.values.size).toBe(0)
    expect(await cache.get('key')).toBeUndefined()
  })

  it('does not serve an older value when a newer one could not be written', async () => {
    const store = new TestStore()
    const cache = with_(store, { maxEntries: 1 })
    await cache.set('key', 'old')
    await pass(1)
    store.trouble = failing
    await cache.set('key', 'new')
    store.trouble = undefined
    await pass(60_000)
    await cache.set('another', 'evicts the first from memory')
    expect(await cache.get('key')).toBeUndefined()
  })

  it('invalidates by tag the entries of other processes, also those they are loading', async () => {
    const store = new TestStore()
    const one = with_(store)
    const other = with_(store)
    const pending = Promise.withResolvers<string>()
    const loading = other.load('key', () => pending.promise, { tags: ['tag'] })
    await pass(1)
    await one.invalidateTag('tag')
    await pass(1)
    pending.resolve('from before')
    await loading
    await pass(0)
    expect(await one.get('key')).toBeUndefined()
    await pass(1)
    await other.set('key', 'from after', { tags: ['tag'] })
    expect((await one.get('key'))?.value).toBe('from after')
  })

  it('clears its own namespace only, and rejects if the store cannot clear', async () => {
    const store = new TestStore()
    const cache = with_(store, { namespace: 'a' })
    const other = with_(store, { namespace: 'ab' })
    await cache.set('key', 'value')
    await cache.set('key', 'value', { scope: 'tenant' })
    await other.set('key', 'value')
    await cache.clear({ scope: 'tenant' })
    expect([...store.values.keys()]).toEqual(['a:key', 'ab:key'])
    await cache.clear()
    expect([...store.values.keys()]).toEqual(['ab:key'])
    Object.assign(store, { clear: undefined })
    await expect(other.clear()).rejects.toThrow('this far tier has no clear(prefix)')
    expect(await other.get('key')).toBeUndefined()
  })

  it('finishes its writes before it closes', async () => {
    const store = new TestStore()
    const cache = with_(store)
    await cache.load('key', async () => 'value')
    await cache.close()
    expect(store.values.size).toBe(1)
    expect(vi.getTimerCount()).toBe(0)
  })
})

function entry(): Parameters<typeof sealEnvelope>[1] {
  const now = Date.now()
  const later = now + 1_000
  return {
    payload: 'value',
    encoded: false,
    head: undefined,
    tags: [],
    life: { bornAt: now, storedAt: now, freshUntil: later, revalidateUntil: later, errorUntil: later },
  }
}

async function watchAll(cache: Cache<string>, load: () => Promise<string>): Promise<void> {
  const calls = ['a', 'b', 'c'].map((key) => cache.load(key, load))
  await pass(20)
  await Promise.all(calls)
}
