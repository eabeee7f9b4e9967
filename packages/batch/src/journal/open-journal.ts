import { fileChunks } from '../jsonl/file-chunks.ts'
import { describeValue } from '@harbor/parts'
import { count, duration, oneOf, validate, type Check } from '../validate.ts'
import { FileJournal } from './file-journal.ts'
import type { GroupSettings } from './group-writer.ts'
import type { Journal } from './journal.ts'
import { JournalLockedError, UnusableJournalError } from './errors.ts'
import type { LockHolder } from './lock-holder.ts'
import { lockFile } from './lock-file.ts'
import { openPrivate } from './private-file.ts'
import { scanJournal } from './scan-journal.ts'
import { nodeModule } from '../node-modules.ts'

/** Options of `openJournal`: when a result counts as stored, and how many are written together. */
export interface JournalOptions {
  /**
   * When a result counts as stored. `'group'`: when it is on the disk; many results share one `fdatasync`. `'each'`: when it is on the disk; each
   * result has its own `fdatasync`. `'os'`: when it is written to the operating system. The result then survives a crash of the process, but not a
   * power cut. @default 'group'
   */
  durability?: 'group' | 'each' | 'os' | undefined
  /**
   * The maximum time that a result waits for other results to be written together, in milliseconds, at least 0. A run does not wait when all its
   * items in flight only wait to be written. Has no effect with `'each'`. @default 5
   */
  groupMs?: number | undefined
  /**
   * The maximum number of results written together, at least 1. A full group is written without waiting. Has no effect with `'each'`. @default 256
   */
  groupMax?: number | undefined
}

/**
 * Opens or creates a journal: a JSON Lines file with one line per result. An incomplete last line, left by a killed process, is cut off. If several
 * records have the same id, the first one is used. A lock file beside the journal prevents another process from opening it at the same time. The lock
 * of a dead process is taken over.
 *
 * Reads the whole file once, and keeps the id and the offset of each record in memory: the length of the id plus about 16 bytes.
 *
 * @param path the file; its folder must exist
 * @throws JournalLockedError when the journal is already open, in this process or another
 * @throws UnusableJournalError for a file that is not a journal, is damaged or cannot be opened
 */
export async function openJournal(path: string, options: JournalOptions = {}): Promise<Journal> {
  if (typeof path !== 'string' || path === '')
    throw new TypeError(`path must be a path, got ${describeValue(path)}`)
  validate(options, CHECKS)
  const settings: GroupSettings = {
    durability: options.durability ?? 'group',
    groupMs: options.groupMs ?? 5,
    groupMax: options.groupMax ?? 256,
  }
  const { constants, realpath } = nodeModule('node:fs/promises')
  const refuse = (cause: unknown): never => {
    if (JournalLockedError.is(cause)) throw cause
    throw new UnusableJournalError(path, 'file-system', { cause })
  }
  // Opens the file first, without changing it, so that the lock can use its inode: a file may have several names.
  const file = await openPrivate(path, constants.O_RDWR | constants.O_CREAT).catch(refuse)
  let unlock: (() => Promise<void>) | undefined
  try {
    const stats = await file.stat({ bigint: true })
    if (!stats.isFile()) throw new UnusableJournalError(path, 'not-a-journal')
    const realPath = await realpath(path)
    const refusal = (holder: LockHolder): Error => new JournalLockedError(realPath, holder)
    unlock = await lockFile(realPath, stats, refusal).catch(refuse)
    const scan = await scanJournal(realPath, fileChunks(realPath))
    let { end } = scan
    await file.truncate(end)
    if (scan.lacksLineFeed) end += (await file.write('\n', end)).bytesWritten
    await file.datasync()
    return new FileJournal({ path: realPath, file, unlock, settings, ...scan, end })
  } catch (error) {
    await file.close()
    await unlock?.()
    throw error
  }
}

const CHECKS: Readonly<Record<keyof JournalOptions, Check>> = {
  durability: oneOf('group', 'each', 'os'),
  groupMs: duration,
  groupMax: count,
}
