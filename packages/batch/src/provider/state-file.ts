import { BatchStateError } from './batch-state-error.ts'
import type { BatchStateStore, StateRecord } from './state-store.ts'

/** Keeps the steps in a file of JSON Lines. A last line that a crash has torn is cut off: its step is taken for not done. */
export function fileState(path: string): BatchStateStore {
  return {
    async read() {
      const { readFile, truncate } = await import('node:fs/promises')
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
      const { open } = await import('node:fs/promises')
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
