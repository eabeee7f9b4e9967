import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
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
  it('survives a restart: values, recordings and tags', async () => {
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

  it('serves nothing corrupt, and all that was acknowledged, after kill -9 in the middle of writing', async () => {
    // Three times here; many times in soak/kill.soak.ts.
    const file = join(folder, 'kill.sqlite')
    for (let round = 1; round <= 3; round++) {
      const acknowledged = await writeUntilKilled(file, round, 100 + 57 * round)
      const { served, wrong, unreadable } = await readBack(file)
      expect({ wrong, unreadable }).toEqual({ wrong: 0, unreadable: 0 })
      for (const key of acknowledged) expect(served.get(key)).toBe(round)
    }
  }, 60_000)

  it('says what is wrong with a file that is no database', () => {
    const file = join(folder, 'none.sqlite')
    writeFileSync(file, 'this is a text, and by no means a database'.repeat(100))
    expect(() => new SqliteStore(file)).toThrow('file is not a database')
    expect(() => new SqliteStore(join(folder, 'no', 'folder.sqlite'))).toThrow('unable to open database file')
  })

  it('keeps its file to its size: what has expired leaves, then the oldest', async () => {
    const store = new SqliteStore(join(folder, 'bounded.sqlite'), { maxBytes: 1_000_000 })
    const kilobytes = new Uint8Array(10_000)
    for (let key = 0; key < 1_025; key++) {
      await store.set(`key-${key}`, kilobytes, { ttlMs: 1_000_000, tags: [] })
    }
    expect(await store.get('key-0')).toBeUndefined()
    expect(await store.get('key-1024')).toBeDefined()
    let held = 0
    for (let key = 0; key < 1_025; key++) if (await store.get(`key-${key}`)) held++
    // A hundred would be all that fit, without what pages cost.
    expect(held).toBeLessThanOrEqual(100)
    expect(held).toBeGreaterThan(60)
    await store.close()
  })
})
