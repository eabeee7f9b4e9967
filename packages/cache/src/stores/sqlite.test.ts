import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { SqliteStore } from './sqlite.ts'

const folder = mkdtempSync(join(tmpdir(), 'harbor-sqlite-'))
afterAll(() => rmSync(folder, { recursive: true }))
let files = 0
const newFile = (): string => join(folder, `${++files}.sqlite`)
const modesOf = (path: string): string[] =>
  [path, `${path}-wal`, `${path}-shm`].map((name) => (statSync(name).mode & 0o777).toString(8))

/** Opens a store and writes to it, so that the `-wal` and `-shm` files exist. */
async function written(path: string, options: { mode?: number } = {}): Promise<SqliteStore> {
  const store = new SqliteStore(path, options)
  await store.set('key', new Uint8Array([1]), { ttlMs: 60_000, tags: [] })
  return store
}

describe('SqliteStore', () => {
  it('creates files that only their owner can read', async () => {
    const path = newFile()
    const store = await written(path)
    expect(modesOf(path)).toEqual(['600', '600', '600'])
    await store.close()
  })

  it('makes existing files private, including the -wal and -shm files of an earlier process', async () => {
    const path = newFile()
    const earlier = await written(path)
    for (const name of [path, `${path}-wal`, `${path}-shm`]) chmodSync(name, 0o644)
    const store = await written(path)
    expect(modesOf(path)).toEqual(['600', '600', '600'])
    expect(await store.get('key')).toEqual(new Uint8Array([1]))
    await Promise.all([earlier.close(), store.close()])
    const wide = newFile()
    writeFileSync(wide, '')
    chmodSync(wide, 0o666)
    await (await written(wide)).close()
    expect((statSync(wide).mode & 0o777).toString(8)).toBe('600')
  })

  it('shares its file with a group when mode allows that', async () => {
    const path = newFile()
    const store = await written(path, { mode: 0o660 })
    expect(modesOf(path)).toEqual(['660', '660', '660'])
    await store.close()
    expect(() => new SqliteStore(newFile(), { mode: 660 })).toThrow(/mode must be permissions such as 0o600/)
  })
})
