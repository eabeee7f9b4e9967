import type { LockHolder } from './lock-holder.ts'
import { lock } from './lock.ts'
import { nodeModule } from '../node-modules.ts'

/** Identifies a file, whatever its name. */
interface FileIdentity {
  readonly dev: number | bigint
  readonly ino: number | bigint
}

/**
 * Locks a file by its path, where other machines that share the folder see the lock, and by its device and inode, since
 * a hard link is another path to the same file.
 *
 * @param path the real path, without symbolic links
 * @param refusal creates the error for the second user
 * @returns a function that unlocks it
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

/** @returns undefined if there is no place for such a lock: the one beside the file must suffice */
async function lockInode(
  identity: FileIdentity,
  refusal: (holder: LockHolder) => Error,
): Promise<(() => Promise<void>) | undefined> {
  const path = await inodePath(identity)
  if (path === undefined) return undefined
  let refused: Error | undefined
  try {
    // Other machines and containers have their own inode numbers: a lock from there says nothing about this file.
    return await lock(path, (holder) => (refused = refusal(holder)), { onUnknownHolder: 'take-over' })
  } catch (error) {
    if (error === refused) throw error
    return undefined
  }
}

/** The path of the lock for an inode; undefined if there is no folder for it that belongs to this user alone. */
async function inodePath({ dev, ino }: FileIdentity): Promise<string | undefined> {
  const { lstat, mkdir } = nodeModule('node:fs/promises')
  const { tmpdir } = nodeModule('node:os')
  const userId = process.getuid?.()
  if (userId === undefined) return undefined
  const folder = `${tmpdir()}/harbor-locks-${userId}`
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const stats = await lstat(folder)
    // Another user may have created it first, to observe or to block.
    const isOurs = stats.isDirectory() && stats.uid === userId && (stats.mode & 0o022) === 0
    return isOurs ? `${folder}/${dev}-${ino}` : undefined
  } catch {
    return undefined
  }
}
