import { createCache } from '../src/index.ts'
import { SqliteStore } from '../src/stores/sqlite.ts'
import { KEYS, valueOf } from './kill.ts'

const [file = '', round = '0'] = process.argv.slice(2)
const cache = createCache<string>({ farTier: new SqliteStore(file), farWriteTimeoutMs: 10_000 })

async function write(key: number): Promise<void> {
  await cache.set(`key-${key}`, valueOf(key, Number(round)))
  process.send?.(key)
}
// Always some at once, round and round, until somebody ends it.
for (let at = 0; ; at += 8) {
  await Promise.all(Array.from({ length: 8 }, (_, more) => write((at + more) % KEYS)))
  await new Promise((resolve) => setImmediate(resolve))
}
