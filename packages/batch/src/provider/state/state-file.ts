import { lockFile } from '../../journal/lock-file.ts'
import { openPrivate } from '../../journal/private-file.ts'
import { BatchStateError, BatchStateLockedError } from '../errors.ts'
import type { BatchStateStore, StateRecord } from './state-store.ts'
import { nodeModule } from '../../node-modules.ts'

/**
 * Creates a store that writes the steps of a run to a JSON Lines file. A lock file next to it ensures that only one run at a time uses it. After a
 * crash, the last line may be incomplete: it is cut off, and its step counts as not done.
 */
export function fileState(path: string): BatchStateStore {
  return {
    async lock() {
      const { realpath } = nodeModule('node:fs/promises')
      // Creates the file if there is none: the lock uses its inode, since a file may have several names.
      const file = await openPrivate(path, 'a')
      const stats = await file.stat({ bigint: true }).finally(() => file.close())
      return lockFile(await realpath(path), stats, (holder) => new BatchStateLockedError(path, holder))
    },
    async read() {
      const { readFile, truncate } = nodeModule('node:fs/promises')
      let text: Buffer
      try {
        text = await readFile(path)
      } catch (error) {
        if ((error as { code?: unknown }).code === 'ENOENT') return []
        throw error
      }
      const whole = text.lastIndexOf(0x0a) + 1
      if (whole < text.length) await truncate(path, whole)
      return parse(text.toString('utf8', 0, whole), path)
    },
    async append(record) {
      const file = await openPrivate(path, 'a')
      try {
        await file.appendFile(`${JSON.stringify(record)}\n`)
        await file.datasync()
      } finally {
        await file.close()
      }
    },
  }
}

function parse(text: string, path: string): StateRecord[] {
  try {
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as StateRecord)
  } catch (error) {
    throw new BatchStateError(`${path} holds no state of a batch`, error)
  }
}
