import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Keyv from 'keyv'
import { afterAll, describe, expect, it } from 'vitest'
import { KeyvStore } from './keyv.ts'
import { MemoryStore } from './memory.ts'
import { SqliteStore } from './sqlite.ts'
import { storeContract } from './store-contract.ts'

const folder = mkdtempSync(join(tmpdir(), 'harbor-cache-'))
afterAll(() => rmSync(folder, { recursive: true }))
let files = 0
const newFile = (): string => join(folder, `${++files}.sqlite`)

describe.each([
  ['memory', () => new MemoryStore()],
  ['SQLite', () => new SqliteStore(newFile())],
  ['SQLite in memory', () => new SqliteStore(':memory:')],
  ['Keyv', () => new KeyvStore(new Keyv())],
  ['Keyv over a Map', () => new KeyvStore(new Keyv({ store: new Map() }))],
])('the store adapter %s', (_, open) => {
  for (const { title, run } of storeContract({ open })) it(title, run)
})

describe('the contract suite', () => {
  const broken: Record<string, [string, (store: MemoryStore) => void]> = {
    'mixes up keys': [
      'does not mix up similar keys',
      (store) => {
        const { get, set } = MemoryStore.prototype
        store.get = (key) => get.call(store, key.toLowerCase())
        store.set = (key, ...rest) => set.call(store, key.toLowerCase(), ...rest)
      },
    ],
    'stores text instead of bytes': [
      'returns the bytes that were set, all 256 of them',
      (store) => {
        store.get = async (key) => {
          const value = await MemoryStore.prototype.get.call(store, key)
          return value && new TextEncoder().encode(new TextDecoder().decode(value))
        }
      },
    ],
    'deletes nothing': ['deletes one key and no other', (store) => (store.delete = async () => undefined)],
    'clears everything': [
      'clears by prefix, if it has clear()',
      (store) => (store.clear = () => MemoryStore.prototype.clear.call(store, '')),
    ],
  }

  it.each(Object.entries(broken))('fails for a store that %s', async (_, [title, spoil]) => {
    const open = (): MemoryStore => {
      const store = new MemoryStore()
      spoil(store)
      return store
    }
    const guilty = storeContract({ open }).find((one) => one.title === title)
    await expect(guilty?.run()).rejects.toMatchObject({ name: 'AssertionError' })
  })
})
