import { chmodSync, closeSync, existsSync, openSync, renameSync, rmSync, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'

/** Opens a database and creates its table if needed. A damaged file is renamed and replaced by a new one. */
export function openDatabase(path: string, mode: number): DatabaseSync {
  try {
    return open(path, mode)
  } catch (error) {
    if (!isDamage(error) || !isFile(path)) throw error
    renameDamaged(path)
    return open(path, mode)
  }
}

/**
 * Reopens a database whose file was reported as damaged. If the file is really damaged, it is renamed and replaced by a new one. If another
 * process has already replaced it, the new file is opened.
 * @throws the error of SQLite if the file is not damaged but cannot be used
 */
export function reopenDatabase(path: string, mode: number): DatabaseSync {
  if (!isFile(path)) throw new TypeError('a database without a file cannot be replaced')
  if (!isSound(path)) renameDamaged(path)
  return openDatabase(path, mode)
}

/** Whether SQLite reports that the file is corrupt (SQLITE_CORRUPT) or not a database (SQLITE_NOTADB): https://sqlite.org/rescode.html. */
export function isDamage(error: unknown): boolean {
  const { errcode } = (error ?? {}) as { errcode?: unknown }
  // The lower byte is the primary code.
  return typeof errcode === 'number' && [11, 26].includes(errcode & 0xff)
}

function open(path: string, mode: number): DatabaseSync {
  if (isFile(path)) restrictAccess(path, mode)
  const database = new DatabaseSync(path)
  try {
    database.exec(SCHEMA)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

function isSound(path: string): boolean {
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(path)
    return database.prepare('PRAGMA quick_check(1)').get()?.['quick_check'] === 'ok'
  } catch (error) {
    if (isDamage(error)) return false
    throw error
  } finally {
    database?.close()
  }
}

/**
 * Renames a damaged file instead of deleting it, since the path may be wrong and the file may belong to another program. Deletes only the
 * `-wal` and `-shm` files of SQLite.
 */
function renameDamaged(path: string): void {
  let name = `${path}.damaged`
  for (let number = 2; existsSync(name); number++) name = `${path}.damaged-${number}`
  renameSync(path, name)
  for (const beside of [`${path}-wal`, `${path}-shm`]) rmSync(beside, { force: true })
}

function isFile(path: string): boolean {
  return path !== ':memory:' && path !== '' && !path.startsWith('file:')
}

/**
 * Makes sure that the database file has this mode. A missing file is created here, since SQLite would create one that all users can read.
 * An existing file gets the mode, and so do its `-wal` and `-shm` files.
 */
function restrictAccess(path: string, mode: number): void {
  closeSync(openSync(path, 'a', mode))
  for (const name of [path, `${path}-wal`, `${path}-shm`]) {
    try {
      if ((statSync(name).mode & 0o777) !== mode) chmodSync(name, mode)
    } catch {
      // The file does not exist, or belongs to another user; only its owner can change its mode.
    }
  }
}

const SCHEMA = `
  PRAGMA busy_timeout = 20;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS harbor_cache (
    rowid INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    value BLOB NOT NULL,
    expires_at REAL NOT NULL
  );
  CREATE INDEX IF NOT EXISTS harbor_cache_expiry ON harbor_cache (expires_at);
`
