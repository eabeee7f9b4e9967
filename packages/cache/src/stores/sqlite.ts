import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { CacheStore, StoreSetOptions } from './store.ts'
import { systemClock, type Clock } from '../base/clock.ts'
import { aClock, count, validate, type Check } from '../base/validate.ts'
import { isDamage, openDatabase, reopenDatabase } from './sqlite-file.ts'

export interface SqliteStoreOptions {
  /** So large may the entries in the file become; then the oldest leave. @default 1_073_741_824 (1 GiB) */
  maxBytes?: number | undefined
  /**
   * Who may read the file, and the `-wal` and `-shm` files beside it, as for `chmod`. It holds answers, so by default only its owner may, and an
   * existing file that others may read is made private; give `0o660` to share it with a group. @default 0o600
   */
  mode?: number | undefined
  /** Where time comes from. @default a monotonic clock */
  clock?: Clock | undefined
}

/**
 * A file that outlives the process: a cache that survives restarts, with nothing to install. Several processes may share it. It
 * is written ahead (WAL) and not synced at every write: a process that is killed loses nothing that was written, a machine that
 * loses power may lose the last entries, and neither leaves a broken file.
 *
 * Its calls are synchronous underneath, some 10 to 50 µs each. While another process writes, one may wait for up to 20 ms.
 */
export class SqliteStore implements CacheStore {
  readonly #path: string
  readonly #mode: number
  readonly #clock: Clock
  readonly #maxBytes: number
  #connection: Connection
  /** So much may be written before it is time to look how large the file is. */
  #bytesUntilTidy: number
  #closed = false

  /**
   * @param path of the file, which is made if it is not there; `:memory:` for none. One that is damaged is renamed to end with `.damaged`, and
   * a new one takes its place
   * @throws TypeError for an option that does not exist or makes no sense; what the system throws for a path that cannot be opened
   */
  constructor(path: string, options: SqliteStoreOptions = {}) {
    validate(options, { maxBytes: count, mode: aFileMode, clock: aClock })
    this.#path = path
    this.#mode = options.mode ?? PRIVATE_MODE
    this.#clock = options.clock ?? systemClock
    this.#maxBytes = options.maxBytes ?? 2 ** 30
    this.#bytesUntilTidy = this.#maxBytes / TIDYINGS_PER_FILL
    this.#connection = new Connection(openDatabase(path, this.#mode))
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    const row = this.#use(({ get }) => get.get(key, this.#clock.now()))
    return row?.['value'] as Uint8Array | undefined
  }

  async set(key: string, value: Uint8Array, { ttlMs }: StoreSetOptions): Promise<void> {
    this.#use(({ set }) => set.run(key, value, this.#clock.now() + ttlMs))
    this.#bytesUntilTidy -= value.byteLength + key.length + ROW_BYTES
    if (this.#bytesUntilTidy <= 0) this.#use(({ database }) => this.#tidy(database))
  }

  async delete(key: string): Promise<void> {
    this.#use((connection) => connection.delete.run(key))
  }

  async clear(prefix: string): Promise<void> {
    // SQLite counts code points.
    const { length } = Array.from(prefix)
    this.#use(({ database }) =>
      database.prepare('DELETE FROM harbor_cache WHERE substr(key, 1, ?) = ?').run(length, prefix),
    )
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#connection.database.close()
  }

  /** Runs an operation, in a new file if it shows that the present one is damaged. */
  #use<Result>(operation: (connection: Connection) => Result): Result {
    try {
      return operation(this.#connection)
    } catch (error) {
      if (this.#closed || !isDamage(error)) throw error
      this.#connection.database.close()
      this.#connection = new Connection(reopenDatabase(this.#path, this.#mode))
      return operation(this.#connection)
    }
  }

  /** What has expired leaves, and of the rest the oldest, until there is room for all that comes before the next time. */
  #tidy(database: DatabaseSync): void {
    this.#bytesUntilTidy = this.#maxBytes / TIDYINGS_PER_FILL
    const most = this.#maxBytes - this.#bytesUntilTidy
    database.prepare('DELETE FROM harbor_cache WHERE expires_at <= ?').run(this.#clock.now())
    for (let round = 0; round < MOST_ROUNDS && usedBytes(database) > most; round++) {
      database.exec(
        'DELETE FROM harbor_cache WHERE rowid IN ' +
          '(SELECT rowid FROM harbor_cache ORDER BY rowid LIMIT 1 + (SELECT count(*) FROM harbor_cache) / 10)',
      )
    }
  }
}

/** An open database with its statements. */
class Connection {
  readonly database: DatabaseSync
  readonly get: StatementSync
  readonly set: StatementSync
  readonly delete: StatementSync

  constructor(database: DatabaseSync) {
    this.database = database
    this.get = database.prepare('SELECT value FROM harbor_cache WHERE key = ? AND expires_at > ?')
    this.set = database.prepare(
      // Replaced, not updated: a row that is written again becomes the newest.
      'INSERT OR REPLACE INTO harbor_cache (key, value, expires_at) VALUES (?, ?, ?)',
    )
    this.delete = database.prepare('DELETE FROM harbor_cache WHERE key = ?')
  }
}

/** Pages in use: what is deleted counts no more, and its pages are used again. */
function usedBytes(database: DatabaseSync): number {
  const read = (name: string): number => Number(database.prepare(`PRAGMA ${name}`).get()?.[name] ?? 0)
  return (read('page_count') - read('freelist_count')) * read('page_size')
}

/** The file holds answers, which may be anybody's: only its owner reads them. */
const PRIVATE_MODE = 0o600

const aFileMode: Check = [
  (value) => Number.isInteger(value) && (value as number) >= 0o400 && (value as number) <= 0o777,
  'permissions such as 0o600',
]

const TIDYINGS_PER_FILL = 16
/** What a row costs beside its key and its value, both indexes included; about so much. */
const ROW_BYTES = 128
const MOST_ROUNDS = 50
