import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Keyv from 'keyv'
import { afterAll, describe, it } from 'vitest'
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
])('a store in %s', (_, open) => {
  for (const { title, run } of storeContract({ open })) it(title, run)
})
