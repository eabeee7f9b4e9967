import { deepEqual, equal, ok } from 'node:assert/strict'
import type { CacheStore } from './store.ts'

/** One test case of `storeContract`, for any test runner: a title and a function. */
export interface StoreCase {
  /** The title of the test: a predicate in the present tense, such as `returns a Uint8Array`. */
  readonly title: string
  /** Rejects with an AssertionError if the store violates this part of the contract. */
  readonly run: () => Promise<void>
}

/** How the test cases of `storeContract` open a store, and how they wait. */
export interface StoreContractOptions {
  /** Opens a new, empty store. Called once for each test case, which closes it at its end. */
  open: () => CacheStore | Promise<CacheStore>
  /** Waits `ms` milliseconds, with fake or real timers. @default a real timer */
  wait?: ((ms: number) => Promise<void>) | undefined
}

/**
 * Returns the test cases that every store must pass, for any test runner:
 *
 * ```ts
 * for (const { title, run } of storeContract({ open: () => new MyStore() })) it(title, run)
 * ```
 */
export function storeContract({ open, wait = realWait }: StoreContractOptions): readonly StoreCase[] {
  const within = (work: (store: CacheStore) => Promise<void>) => async (): Promise<void> => {
    const store = await open()
    try {
      await work(store)
    } finally {
      await store.close?.()
    }
  }
  const cases: Record<string, (store: CacheStore) => Promise<void>> = {
    async 'returns undefined for a key that was never set'(store) {
      equal(await store.get('nothing'), undefined)
    },
    async 'returns the bytes that were set, all 256 of them'(store) {
      await store.set('bytes', ALL_BYTES, HOUR)
      equalBytes(await store.get('bytes'), ALL_BYTES)
    },
    async 'returns an empty value as an empty value'(store) {
      await store.set('empty', new Uint8Array(0), HOUR)
      equalBytes(await store.get('empty'), new Uint8Array(0))
    },
    async 'returns a Uint8Array'(store) {
      await store.set('kind', ALL_BYTES, HOUR)
      ok((await store.get('kind')) instanceof Uint8Array)
    },
    async 'stores a megabyte'(store) {
      const large = new Uint8Array(2 ** 20).map((_, at) => (at * 31) % 251)
      await store.set('large', large, HOUR)
      equalBytes(await store.get('large'), large)
    },
    async 'stores the bytes of a view, not the whole buffer'(store) {
      await store.set('view', ALL_BYTES.subarray(10, 20), HOUR)
      equalBytes(await store.get('view'), ALL_BYTES.slice(10, 20))
    },
    async 'replaces an earlier value'(store) {
      await store.set('key', new Uint8Array([1, 2, 3]), HOUR)
      await store.set('key', new Uint8Array([4]), HOUR)
      equalBytes(await store.get('key'), new Uint8Array([4]))
    },
    async 'does not mix up similar keys'(store) {
      for (const [at, key] of STRANGE_KEYS.entries()) await store.set(key, new Uint8Array([at]), HOUR)
      for (const [at, key] of STRANGE_KEYS.entries()) equalBytes(await store.get(key), new Uint8Array([at]))
    },
    async 'deletes one key and no other'(store) {
      await store.set('one', new Uint8Array([1]), HOUR)
      await store.set('two', new Uint8Array([2]), HOUR)
      await store.delete('one')
      equal(await store.get('one'), undefined)
      equalBytes(await store.get('two'), new Uint8Array([2]))
    },
    async 'does not reject when it deletes a key that does not exist'(store) {
      await store.delete('nothing')
    },
    async 'expires an entry after its time to live, or leaves that to the cache'(store) {
      await store.set('short', new Uint8Array([1]), { ttlMs: 30, tags: [] })
      await store.set('long', new Uint8Array([2]), HOUR)
      await wait(60)
      const short = await store.get('short')
      ok(short === undefined || short.length === 1)
      equalBytes(await store.get('long'), new Uint8Array([2]))
    },
    async 'uses the time to live of the last write'(store) {
      await store.set('key', new Uint8Array([1]), { ttlMs: 30, tags: [] })
      await store.set('key', new Uint8Array([2]), HOUR)
      await wait(60)
      equalBytes(await store.get('key'), new Uint8Array([2]))
    },
    async 'handles concurrent writes, reads and deletes'(store) {
      await Promise.all(
        Array.from({ length: 50 }, async (_, at) => {
          await store.set(`key-${at}`, new Uint8Array([at]), HOUR)
          if (at % 2 === 0) await store.delete(`key-${at}`)
          const value = await store.get(`key-${at}`)
          deepEqual(value && [...value], at % 2 === 0 ? undefined : [at])
        }),
      )
    },
    async 'clears by prefix, if it has clear()'(store) {
      if (!store.clear) return
      for (const key of ['a:1', 'a:2', 'b:1', 'a', '%:1', '_:1']) await store.set(key, ALL_BYTES, HOUR)
      await store.clear('a:')
      const left = await Promise.all(['a:1', 'a:2', 'b:1', 'a', '%:1', '_:1'].map((key) => store.get(key)))
      deepEqual(
        left.map((value) => value !== undefined),
        [false, false, true, true, true, true],
      )
      await store.clear('%')
      equal(await store.get('%:1'), undefined)
      ok(await store.get('_:1'))
    },
  }
  return Object.entries(cases).map(([title, work]) => ({ title, run: within(work) }))
}

const HOUR = { ttlMs: 3_600_000, tags: [] }
const ALL_BYTES = Uint8Array.from({ length: 256 }, (_, at) => at)
const STRANGE_KEYS = [
  'a',
  'A',
  'a ',
  ' a',
  'a:b',
  'a#b',
  '@a/b',
  '%',
  '_',
  'ä',
  'a\u0308',
  '键',
  "'",
  '"; --',
  '__proto__',
]

function equalBytes(actual: Uint8Array | undefined, expected: Uint8Array): void {
  ok(actual, 'nothing was returned')
  ok(Buffer.compare(actual, expected) === 0, 'other bytes were returned than were set')
}

function realWait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
