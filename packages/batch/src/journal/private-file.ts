import type { FileHandle } from 'node:fs/promises'
import { nodeModule } from '../node-modules.ts'

/** Read and written by the owner alone: results are what users paid for, and often what their customers wrote. */
export const PRIVATE_MODE = 0o600

/**
 * Opens a file that only its owner may read. A new one is created that way; one that others may read, because an older version or
 * another program created it, is made private.
 *
 * @param flags as `open(2)` takes them
 */
export async function openPrivate(path: string, flags: number | string): Promise<FileHandle> {
  const { open } = nodeModule('node:fs/promises')
  const file = await open(path, flags, PRIVATE_MODE)
  try {
    const stats = await file.stat()
    // Whoever may write to a file of another owner cannot change its mode, and need not be refused for that.
    if (stats.isFile() && (stats.mode & 0o077) !== 0) await file.chmod(PRIVATE_MODE).catch(() => undefined)
    return file
  } catch (error) {
    await file.close()
    throw error
  }
}
