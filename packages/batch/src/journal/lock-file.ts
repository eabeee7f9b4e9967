import type { LockHolder } from './lock-holder.ts'
import { lock } from './lock.ts'
import { nodeModule } from '../node-modules.ts'

/** What identifies a file, whatever its name. */
interface FileIdentity {
  readonly dev: number | bigint
  readonly ino: number | bigint
}

/**
 * Locks a file for one user of it: by its path, where other machines that share the folder see the lock, and by its device and inode,
 * since a hard link is another path to the same file.
 *
 * @param path the real path, with no symbolic link in it
 * @param refusal creates the error for the second one
 * @returns what unlocks it
 */
export async function lockFile(
  path: string,
  identity: FileIdentity,
  refusal: (holder: LockHolder) => Error,
): Promise<() => Promise<void>> {
  const unlockPath = await lock(path, refusal)
  try {
    const unlockInode = await lockInode(identity, refusal)
    return async () => {
      await unlockInode?.()
      await unlockPath()
    }
  } catch (error) {
    await unlockPath()
    throw error
  }
}

/** @returns undefined where there is no place for such a lock: the one beside the file has to do there */
async function lockInode(
  identity: FileIdentity,
  refusal: (holder: LockHolder) => Error,
): Promise<(() => Promise<void>) | undefined> {
  const path = await inodePath(identity)
  if (path === undefined) return undefined
  let refused: Error | undefined
  try {
    // Another machine or container numbers its files by itself: a lock from there says nothing about this file.
    return await lock(path, (holder) => (refused = refusal(holder)), { onUnknownHolder: 'take-over' })
  } catch (error) {
    if (error === refused) throw error
    return undefined
  }
}

/** Where this user's processes lock inodes; undefined where there is no folder for that which belongs to this user alone. */
async function inodePath({ dev, ino }: FileIdentity): Promise<string | undefined> {
  const { lstat, mkdir } = nodeModule('node:fs/promises')
  const { tmpdir } = nodeModule('node:os')
  const userId = process.getuid?.()
  if (userId === undefined) return undefined
  const folder = `${tmpdir()}/harbor-locks-${userId}`
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const stats = await lstat(folder)
    // Another user may have created it first, to watch or to block.
    const isOurs = stats.isDirectory() && stats.uid === userId && (stats.mode & 0o022) === 0
    return isOurs ? `${folder}/${dev}-${ino}` : undefined
  } catch {
    return undefined
  }
}
