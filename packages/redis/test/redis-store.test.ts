import { createCache, type CacheStore } from '@harbor/cache'
import { storeContract } from '@harbor/cache/store-contract'
import fc from 'fast-check'
import { Cluster } from 'ioredis'
import { createCluster } from 'redis'
import {
  afterAll,
  afterEach,
  beforeAll,
  describe,
  expect,
  expectTypeOf,
  it,
  onTestFinished,
  vi,
} from 'vitest'
import { RedisStore, RedisUnavailableError, type RedisClient } from '../src/index.ts'
import { globText, keyText } from '../src/store/redis-store.ts'
import { CLIENTS, type Connected } from './clients.ts'
import { hasRedis, RedisServer } from './redis-server.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const HOUR = { ttlMs: 3_600_000, tags: [] }

describe('RedisStore', () => {
  it('is a store for the cache', () => {
    expectTypeOf<RedisStore>().toExtend<CacheStore>()
  })

  it('refuses anything but a client of ioredis or node-redis', () => {
    for (const client of [{}, new Map(), { get: () => undefined }, 'redis://localhost', null])
      expect(() => new RedisStore({ client: client as RedisClient })).toThrow(TypeError)
  })

  it('refuses a client of a cluster by name', () => {
    const clusters = [
      new Cluster([{ port: 1 }], { lazyConnect: true }),
      createCluster({ rootNodes: [{ url: 'redis://127.0.0.1:1' }] }),
    ]
    for (const client of clusters)
      expect(() => new RedisStore({ client: client as unknown as RedisClient })).toThrow(/cluster/)
  })

  it('refuses unknown options and prefixes with a colon', () => {
    const client = { status: 'ready', callBuffer: () => Promise.resolve(null), once: () => undefined }
    expect(() => new RedisStore({ client, prefix: 'a:b' })).toThrow(/prefix must be/)
    expect(() => new RedisStore({ client, ttl: 1 } as never)).toThrow(/unknown option ttl/)
  })
})

describe('the text of a key in Redis', () => {
  const anyKey = fc.string({
    unit: fc.integer({ min: 0, max: 0xff_ff }).map((code) => String.fromCharCode(code)),
  })
  const utf8 = (text: string): string => Buffer.from(text, 'utf8').toString('hex')

  it('differs for different keys, also for halves of characters and backslashes (property)', () => {
    fc.assert(
      fc.property(anyKey, anyKey, (one, other) => {
        if (one !== other) expect(utf8(keyText(one))).not.toBe(utf8(keyText(other)))
      }),
    )
    expect(utf8(keyText('\ud800'))).not.toBe(utf8(keyText('\ud801')))
    expect(keyText(String.raw`\ud800`)).not.toBe(keyText('\ud800'))
  })

  it('has no character with a meaning in a pattern, once it is quoted', () => {
    expect(globText('a*b?[c-d]^\\')).toBe(String.raw`a\*b\?\[c\-d\]\^\\`)
  })
})

describe.skipIf(!hasRedis).each(Object.keys(CLIENTS))('RedisStore over %s (needs redis-server)', (name) => {
  const connect = CLIENTS[name] as (url: string) => Promise<Connected>
  let server: RedisServer
  let connected: Connected
  beforeAll(async () => {
    server = await RedisServer.start()
    connected = await connect(server.url)
  })
  afterAll(async () => {
    connected.disconnect()
    await server.close()
  })
  afterEach(() => vi.restoreAllMocks())

  const open = async (): Promise<RedisStore> => {
    await connected.command('FLUSHALL')
    return new RedisStore({ client: connected.client })
  }

  for (const { title, run } of storeContract({ open })) it(title, run)

  it('leaves the client open when the cache is closed', async () => {
    const cache = createCache({ farTier: await open() })
    await cache.close()
    expect(String(await connected.command('PING'))).toBe('PONG')
  })

  it('gives each key a time to live, at most a year', async () => {
    const store = await open()
    await store.set('short', bytes('x'), { ttlMs: 1_500.2 })
    await store.set('endless', bytes('x'), { ttlMs: Infinity })
    const left = async (key: string): Promise<number> =>
      Number(await connected.command('PTTL', `harbor:cache1:${key}`))
    expect(await left('short')).toBeGreaterThan(0)
    expect(await left('short')).toBeLessThanOrEqual(1_501)
    expect(await left('endless')).toBeGreaterThan(31_000_000_000)
  })

  it('shares nothing with another prefix, and clears its own keys only', async () => {
    const own = await open()
    const other = new RedisStore({ client: connected.client, prefix: 'other' })
    await own.set('a', bytes('own'), HOUR)
    await other.set('a', bytes('other'), HOUR)
    await own.clear('')
    expect(await own.get('a')).toBeUndefined()
    expect(Buffer.from((await other.get('a')) ?? []).toString()).toBe('other')
  })

  it('clears 5,000 keys, whose prefix has characters of a pattern, and no others', async () => {
    const store = await open()
    for (let n = 0; n < 5_000; n += 500)
      await Promise.all(
        Array.from({ length: 500 }, (_, index) => store.set(`t[ae]*:${n + index}`, bytes('x'), HOUR)),
      )
    await store.set('ta:1', bytes('kept'), HOUR)
    await store.clear('t[ae]*:')
    expect(Number(await connected.command('DBSIZE'))).toBe(1)
    expect(await store.get('ta:1')).toBeDefined()
  })

  it('serves one process what another has cached', async () => {
    const store = await open()
    const caches = [store, new RedisStore({ client: connected.client })].map((each) =>
      // Time enough, also on a busy machine.
      createCache<string>({ farTier: each, farReadTimeoutMs: 10_000, farWriteTimeoutMs: 10_000 }),
    )
    const load = vi.fn(() => Promise.resolve('answer'))
    const [first, second] = caches
    await first?.getOrLoad('question', load)
    await expect.poll(async () => Number(await connected.command('DBSIZE'))).toBeGreaterThan(0)
    expect(await second?.getOrLoad('question', load)).toBe('answer')
    expect(load).toHaveBeenCalledTimes(1)
    await Promise.all(caches.map((cache) => cache.close()))
  })

  it('rejects what its Redis user may not do, with the words of Redis, and the cache answers without it', async () => {
    await connected.command('ACL', 'SETUSER', 'reader', 'on', '>secret', '~other:*', '+@all')
    const reader = await connect(server.url.replace('//', '//reader:secret@'))
    onTestFinished(() => reader.disconnect())
    await (await open()).set('a', bytes('x'), HOUR)
    const store = new RedisStore({ client: reader.client })
    await expect(store.get('a')).rejects.toThrow(/NOPERM/)
    await expect(store.set('a', bytes('x'), HOUR)).rejects.toThrow(/NOPERM/)
    await expect(store.clear('')).rejects.toThrow(/NOPERM/)
    const cache = createCache<string>({ farTier: store })
    expect(await cache.getOrLoad('q', () => Promise.resolve('answer'))).toBe('answer')
    await cache.close()
  })

  it('rejects a write when the memory of the server is full, and the cache answers without it', async () => {
    const store = await open()
    await connected.command('CONFIG', 'SET', 'maxmemory', '1')
    onTestFinished(() => void connected.command('CONFIG', 'SET', 'maxmemory', '0'))
    await expect(store.set('a', bytes('x'), HOUR)).rejects.toThrow(/OOM/)
    const cache = createCache<string>({ farTier: store })
    expect(await cache.getOrLoad('q', () => Promise.resolve('answer'))).toBe('answer')
    await cache.close()
  })

  it('warns once when a full server would refuse to store answers', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    await connected.command('CONFIG', 'SET', 'maxmemory', '100mb')
    const store = await open()
    for (let n = 0; n < 3; n++) await store.set(`k${n}`, bytes('x'), HOUR)
    await expect.poll(() => warn).toHaveBeenCalledWith(expect.stringMatching(/noeviction/), 'HarborWarning')
    expect(warn).toHaveBeenCalledTimes(1)
    await connected.command('CONFIG', 'SET', 'maxmemory', '0')
  })
})

describe.skipIf(!hasRedis).each(Object.keys(CLIENTS))('RedisStore over %s, without its server', (name) => {
  const connect = CLIENTS[name] as (url: string) => Promise<Connected>

  it('rejects at once while the server is down, and works again when it is back', async () => {
    const server = await RedisServer.start()
    const { client, command, disconnect } = await connect(server.url)
    onTestFinished(async () => {
      disconnect()
      await server.close()
    })
    const store = new RedisStore({ client })
    await store.set('a', bytes('before'), HOUR)
    await server.kill()
    await expect
      .poll(() => store.get('a').catch((error: unknown) => error))
      .toBeInstanceOf(RedisUnavailableError)
    const refused: unknown = await store.set('late', bytes('late'), HOUR).catch((error: unknown) => error)
    expect(refused).toMatchObject({ name: 'RedisUnavailableError', code: 'redis_unavailable' })
    expect(RedisUnavailableError.is(refused)).toBe(true)
    expect(RedisUnavailableError.is(new Error('another'))).toBe(false)
    await server.restart()
    await expect.poll(() => store.get('a').catch((error: unknown) => error)).toBeUndefined()
    await store.set('a', bytes('after'), HOUR)
    expect(Buffer.from((await store.get('a')) ?? []).toString()).toBe('after')
    // Nothing that was refused is written later.
    expect(Number(await command('DBSIZE'))).toBe(1)
  })

  it('costs a call only the deadline of the cache while the server does not answer', async () => {
    const server = await RedisServer.start()
    const { client, disconnect } = await connect(server.url)
    onTestFinished(async () => {
      disconnect()
      await server.close()
    })
    const cache = createCache<string>({ farTier: new RedisStore({ client }) })
    server.freeze()
    const load = vi.fn(() => Promise.resolve('answer'))
    expect(await cache.getOrLoad('q', load)).toBe('answer')
    server.thaw()
    await cache.close()
  })
})
