import type { FileHandle } from 'node:fs/promises'
import { nodeModule } from '../node-modules.ts'

/**
 * The mode of a file that only its owner may read and write. The results in the file are paid for, and often contain texts of the user's customers.
 */
export const PRIVATE_MODE = 0o600

/**
 * Opens a file that only its owner may read. A new file is created that way; a file that others may read, because an older version or another program
 * created it, is made private.
 *
 * @param flags as in `open(2)`
 */
export async function openPrivate(path: string, flags: number | string): Promise<FileHandle> {
  const { open } = nodeModule('node:fs/promises')
  const file = await open(path, flags, PRIVATE_MODE)
  try {
    const stats = await file.stat()
    // A process that may write to another owner's file cannot change its mode; that is no reason to fail.
    if (stats.isFile() && (stats.mode & 0o077) !== 0) await file.chmod(PRIVATE_MODE).catch(() => undefined)
    return file
  } catch (error) {
    await file.close()
    throw error
  }
}
