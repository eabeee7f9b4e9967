import { lock } from '../journal/lock.ts'
import { BatchStateError } from './batch-state-error.ts'
import { BatchStateLockedError } from './batch-state-locked-error.ts'
import type { BatchStateStore, StateRecord } from './state-store.ts'
import { nodeModule } from '../node-modules.ts'

/**
 * Keeps the steps in a file of JSON Lines, for one run at a time, by a lock file beside it. A last line that a crash has torn is cut off:
 * its step is taken for not done.
 */
export function fileState(path: string): BatchStateStore {
  return {
    async lock() {
      const { open, realpath } = nodeModule('node:fs/promises')
      // Locked by its real path, since it may have more names than one; and so it has to be there.
      const file = await open(path, 'a')
      await file.close()
      return lock(await realpath(path), (holder) => new BatchStateLockedError(path, holder))
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
      const { open } = nodeModule('node:fs/promises')
      const file = await open(path, 'a')
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
