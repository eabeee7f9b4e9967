import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { createCache } from '../src/index.ts'
import { SqliteStore } from '../src/stores/sqlite.ts'
import { readBack, writeUntilKilled } from './kill.ts'
import { bytes, readAll } from './harness.ts'

const folder = mkdtempSync(join(tmpdir(), 'harbor-cache-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe('a cache over SQLite', () => {
  it('serves values, recordings and tags after a restart', async () => {
    const file = join(folder, 'restart.sqlite')
    const open = (): ReturnType<typeof createCache<unknown>> =>
      createCache({ farTier: new SqliteStore(file) })
    const before = open()
    await before.set('text', 'plain')
    await before.set('lone surrogate', '\ud800')
    await before.set('object', { a: [1] })
    await before.set('bytes', new Uint8Array([0, 255]))
    await before.set('tagged', 1, { tags: ['tag'] })
    const { body } = await before.record('stream', () => ({
      head: { status: 200 },
      body: (async function* () {
        yield bytes('data: 1\n\n')
      })(),
    }))
    await readAll(body)
    await before.close()

    const after = open()
    for (const [key, value] of [
      ['text', 'plain'],
      ['lone surrogate', '\ud800'],
      ['object', { a: [1] }],
      ['bytes', new Uint8Array([0, 255])],
      ['tagged', 1],
    ] as const) {
      expect(await after.get(key)).toMatchObject({ value, source: 'far' })
    }
    const replayed = await after.replay('stream')
    expect(replayed).toMatchObject({ head: { status: 200 }, source: 'far' })
    expect(replayed && (await readAll(replayed.body))).toBe('data: 1\n\n')
    await after.invalidateTag('tag')
    await after.close()

    const last = open()
    expect(await last.get('tagged')).toBeUndefined()
    await last.clear()
    expect(await last.get('text')).toBeUndefined()
    await last.close()
  })

  it('serves every acknowledged entry, and no corrupt one, after kill -9 during writes', async () => {
    // Three rounds here, many in soak/kill.soak.ts.
    const file = join(folder, 'kill.sqlite')
    for (let round = 1; round <= 3; round++) {
      const acknowledged = await writeUntilKilled(file, round, 100 + 57 * round)
      const { served, wrong, unreadable } = await readBack(file)
      expect({ wrong, unreadable }).toEqual({ wrong: 0, unreadable: 0 })
      for (const key of acknowledged) expect(served.get(key)).toBe(round)
    }
  })

  it('renames a file that is not a database, and creates a new one', async () => {
    const file = join(folder, 'none.sqlite')
    const text = 'this is a text and not a database'.repeat(100)
    for (const aside of [`${file}.damaged`, `${file}.damaged-2`]) {
      writeFileSync(file, text)
      const store = new SqliteStore(file)
      await store.set('key', bytes('value'), { ttlMs: 1_000_000, tags: [] })
      expect(await store.get('key')).toEqual(bytes('value'))
      await store.close()
      expect(readFileSync(aside, 'utf8')).toBe(text)
    }
    expect(() => new SqliteStore(join(folder, 'no', 'folder.sqlite'))).toThrow(/no such file/)
  })

  it.each<[string, (file: Buffer) => Buffer]>([
    ['its head is overwritten', (file) => Buffer.concat([Buffer.alloc(200, 7), file.subarray(200)])],
    [
      'its tables are overwritten',
      (file) => Buffer.concat([file.subarray(0, 100), Buffer.alloc(file.length - 100, 7)]),
    ],
    ['it is cut', (file) => file.subarray(0, file.length / 2 + 100)],
  ])('creates a new file when %s, also while it is open', async (_, damage) => {
    for (const isOpen of [false, true]) {
      const file = join(mkdtempSync(join(folder, 'damaged-')), 'cache.sqlite')
      const value = new Uint8Array(3_000)
      const first = new SqliteStore(file)
      for (let key = 0; key < 200; key++) await first.set(`key-${key}`, value, { ttlMs: 1_000_000, tags: [] })
      await first.close()
      const early = isOpen ? new SqliteStore(file) : undefined
      writeFileSync(file, damage(readFileSync(file)))
      const store = early ?? new SqliteStore(file)
      // No operation throws, whichever pages are damaged, and later writes are readable.
      for (let key = 0; key < 200; key++) await store.get(`key-${key}`)
      for (let key = 0; key < 200; key++) await store.set(`new-${key}`, value, { ttlMs: 1_000_000, tags: [] })
      for (let key = 0; key < 200; key++) expect(await store.get(`new-${key}`)).toEqual(value)
      await store.close()
      // An open database may not notice the damage, and overwrite it.
      if (!isOpen) expect(existsSync(`${file}.damaged`)).toBe(true)
      const again = new SqliteStore(file)
      expect(await again.get('new-199')).toEqual(value)
      await again.close()
    }
  })

  it('uses the new file of another process instead of replacing it again', async () => {
    const file = join(mkdtempSync(join(folder, 'shared-')), 'cache.sqlite')
    const one = new SqliteStore(file)
    for (let key = 0; key < 50; key++)
      await one.set(`key-${key}`, new Uint8Array(3_000), { ttlMs: 1e6, tags: [] })
    await one.close()
    const [first, second] = [new SqliteStore(file), new SqliteStore(file)]
    const damaged = readFileSync(file)
    writeFileSync(file, Buffer.concat([damaged.subarray(0, 100), Buffer.alloc(damaged.length - 100, 7)]))
    await first.set('mine', bytes('1'), { ttlMs: 1_000_000, tags: [] })
    await second.set('yours', bytes('2'), { ttlMs: 1_000_000, tags: [] })
    expect(await second.get('mine')).toEqual(bytes('1'))
    expect(await first.get('yours')).toEqual(bytes('2'))
    expect(existsSync(`${file}.damaged-2`)).toBe(false)
    await Promise.all([first.close(), second.close()])
  })

  it('limits the size of its file by deleting expired entries, then the oldest', async () => {
    const store = new SqliteStore(join(folder, 'bounded.sqlite'), { maxBytes: 1_000_000 })
    const kilobytes = new Uint8Array(10_000)
    for (let key = 0; key < 1_025; key++) {
      await store.set(`key-${key}`, kilobytes, { ttlMs: 1_000_000, tags: [] })
    }
    expect(await store.get('key-0')).toBeUndefined()
    expect(await store.get('key-1024')).toBeDefined()
    let held = 0
    for (let key = 0; key < 1_025; key++) if (await store.get(`key-${key}`)) held++
    // At most a hundred fit, less because of the pages' own size.
    expect(held).toBeLessThanOrEqual(100)
    expect(held).toBeGreaterThan(60)
    await store.close()
  })
})
