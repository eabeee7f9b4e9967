import { chmodSync, closeSync, existsSync, openSync, renameSync, rmSync, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'

/** Opens a database and sees to it that its table is there. A file that is damaged is set aside, and a new one takes its place. */
export function openDatabase(path: string, mode: number): DatabaseSync {
  try {
    return open(path, mode)
  } catch (error) {
    if (!isDamage(error) || !isFile(path)) throw error
    setAside(path)
    return open(path, mode)
  }
}

/**
 * Opens a database again whose use has shown damage. Another process may have replaced the file already; then that one is used.
 * @throws what SQLite throws for a file that is not damaged, and cannot be used all the same
 */
export function reopenDatabase(path: string, mode: number): DatabaseSync {
  if (!isFile(path)) throw new TypeError('a database without a file cannot be replaced')
  if (!isSound(path)) setAside(path)
  return openDatabase(path, mode)
}

/** Whether SQLite says that the file is broken (SQLITE_CORRUPT), or no database at all (SQLITE_NOTADB): https://sqlite.org/rescode.html. */
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

/** Nothing is deleted but what SQLite keeps beside the file: it may be no database because its path was mistyped. */
function setAside(path: string): void {
  let name = `${path}.damaged`
  for (let number = 2; existsSync(name); number++) name = `${path}.damaged-${number}`
  renameSync(path, name)
  for (const beside of [`${path}-wal`, `${path}-shm`]) rmSync(beside, { force: true })
}

function isFile(path: string): boolean {
  return path !== ':memory:' && path !== '' && !path.startsWith('file:')
}

/**
 * Creates the file, since SQLite would create it for everybody to read, or changes the mode of an existing one. SQLite gives the files beside it
 * the mode of the file itself.
 */
function restrictAccess(path: string, mode: number): void {
  closeSync(openSync(path, 'a', mode))
  for (const name of [path, `${path}-wal`, `${path}-shm`]) {
    try {
      if ((statSync(name).mode & 0o777) !== mode) chmodSync(name, mode)
    } catch {
      // The file does not exist, or belongs to another user: its mode is theirs to set.
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
