import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { systemClock, type Clock } from '../base/clock.ts'
import { aClock, count, validate, type Check } from '../base/validate.ts'
import { isDamage, openDatabase, reopenDatabase } from './sqlite-file.ts'
import type { CacheStore, StoreSetOptions } from './store.ts'

/** Options of a SqliteStore. */
export interface SqliteStoreOptions {
  /**
   * The maximum size of the entries in the file, in bytes, at least 1; the oldest are evicted first. The size is not checked at every write, so it
   * may be exceeded by about a sixteenth for a short time. @default 1_073_741_824 (1 GiB)
   */
  maxBytes?: number | undefined
  /**
   * The permissions of the file and of its `-wal` and `-shm` files, as for `chmod`, from 0o400 to 0o777. By default only the owner can read them,
   * since they contain answers. An existing file gets these permissions, too. Pass `0o660` to share the file with a group. @default 0o600
   */
  mode?: number | undefined
  /** The source of the current time, for expiry. @default a monotonic clock */
  clock?: Clock | undefined
}

/**
 * A store in an SQLite file: a cache that survives restarts, with nothing to install. Several processes may share the file. It uses a
 * write-ahead log (WAL) and does not sync at every write: a killed process loses nothing, a power failure may lose the last entries, and
 * neither corrupts the file.
 *
 * Its operations are synchronous, some 10 to 50 µs each. While another process writes, an operation may block for up to 20 ms.
 */
export class SqliteStore implements CacheStore {
  readonly #path: string
  readonly #mode: number
  readonly #clock: Clock
  readonly #maxBytes: number
  #connection: Connection
  /** The number of bytes that may still be written before the size of the file is checked. */
  #bytesUntilCheck: number
  #closed = false

  /**
   * @param path the path of the file, which is created if needed, or `:memory:`. A damaged file is renamed to end with `.damaged` and
   * replaced by a new file
   * @throws TypeError for an unknown or invalid option; the system's error for a path that cannot be opened
   */
  constructor(path: string, options: SqliteStoreOptions = {}) {
    validate(options, { maxBytes: count, mode: aFileMode, clock: aClock })
    this.#path = path
    this.#mode = options.mode ?? PRIVATE_MODE
    this.#clock = options.clock ?? systemClock
    this.#maxBytes = options.maxBytes ?? 2 ** 30
    this.#bytesUntilCheck = this.#maxBytes / CHECKS_PER_FILL
    this.#connection = new Connection(openDatabase(path, this.#mode))
  }

  /** Returns the bytes of this key; undefined if there are none, or if they have expired. */
  async get(key: string): Promise<Uint8Array | undefined> {
    const row = this.#use(({ get }) => get.get(key, this.#clock.now()))
    return row?.['value'] as Uint8Array | undefined
  }

  /** Stores the bytes for `ttlMs` milliseconds; evicts the oldest entries if the file is too large. */
  async set(key: string, value: Uint8Array, { ttlMs }: StoreSetOptions): Promise<void> {
    this.#use(({ set }) => set.run(key, value, this.#clock.now() + ttlMs))
    this.#bytesUntilCheck -= value.byteLength + key.length + ROW_BYTES
    if (this.#bytesUntilCheck <= 0) this.#use(({ database }) => this.#evict(database))
  }

  /** Deletes the key; does nothing if it does not exist. */
  async delete(key: string): Promise<void> {
    this.#use((connection) => connection.delete.run(key))
  }

  /** Deletes every key that begins with `prefix`. */
  async clear(prefix: string): Promise<void> {
    // `substr` counts code points, not UTF-16 code units.
    const { length } = Array.from(prefix)
    this.#use(({ database }) =>
      database.prepare('DELETE FROM harbor_cache WHERE substr(key, 1, ?) = ?').run(length, prefix),
    )
  }

  /** Closes the file. Can be called more than once. Other methods then reject. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#connection.database.close()
  }

  /** Runs an operation. If the operation reports that the file is damaged, runs it again on a new file. */
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

  /**
   * Deletes expired entries. Then deletes the oldest entries until the file has room for everything that is written before the next check.
   */
  #evict(database: DatabaseSync): void {
    this.#bytesUntilCheck = this.#maxBytes / CHECKS_PER_FILL
    const allowedBytes = this.#maxBytes - this.#bytesUntilCheck
    database.prepare('DELETE FROM harbor_cache WHERE expires_at <= ?').run(this.#clock.now())
    for (let round = 0; round < MAX_ROUNDS && usedBytes(database) > allowedBytes; round++) {
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
      // Replaces the row instead of updating it, so that it becomes the newest.
      'INSERT OR REPLACE INTO harbor_cache (key, value, expires_at) VALUES (?, ?, ?)',
    )
    this.delete = database.prepare('DELETE FROM harbor_cache WHERE key = ?')
  }
}

/** Returns the size of the pages in use, in bytes. Pages of deleted rows do not count, since SQLite uses them again. */
function usedBytes(database: DatabaseSync): number {
  const read = (name: string): number => Number(database.prepare(`PRAGMA ${name}`).get()?.[name] ?? 0)
  return (read('page_count') - read('freelist_count')) * read('page_size')
}

/** The default permissions of the file. Only its owner may read it, since it contains answers. */
const PRIVATE_MODE = 0o600

const aFileMode: Check = [
  (value) => Number.isInteger(value) && (value as number) >= 0o400 && (value as number) <= 0o777,
  'permissions such as 0o600',
]

/** How many times the size of the file is checked while `maxBytes` bytes are written. */
const CHECKS_PER_FILL = 16
/** The approximate size of a row besides its key and value, in bytes, including both indexes. */
const ROW_BYTES = 128
/** The maximum number of DELETE statements that one check runs. Each of them deletes the oldest tenth of all entries. */
const MAX_ROUNDS = 50
