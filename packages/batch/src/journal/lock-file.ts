import type { LockHolder } from './lock-holder.ts'
import { lock } from './lock.ts'
import { nodeModule } from '../node-modules.ts'

/** Identifies a file independently of its name. */
interface FileIdentity {
  readonly dev: number | bigint
  readonly ino: number | bigint
}

/**
 * Locks a file twice: by its path, with a lock file beside it that other machines with access to the folder see; and by its device and inode, since a
 * hard link is another path to the same file.
 *
 * @param path the real path, without symbolic links
 * @param refusal creates the error to throw if the file is already locked
 * @returns a function that unlocks the file
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

/**
 * Locks a file by its inode.
 *
 * @returns a function that unlocks the file; undefined if such a lock cannot be made. Then only the lock file beside the file protects it
 */
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

/** Returns the path of the lock for an inode; undefined if there is no folder for it that belongs to this user alone. */
async function inodePath({ dev, ino }: FileIdentity): Promise<string | undefined> {
  const { lstat, mkdir } = nodeModule('node:fs/promises')
  const { tmpdir } = nodeModule('node:os')
  const userId = process.getuid?.()
  if (userId === undefined) return undefined
  const folder = `${tmpdir()}/harbor-locks-${userId}`
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const stats = await lstat(folder)
    // Another user may have created the folder first, to read the locks or to block them.
    const isOurs = stats.isDirectory() && stats.uid === userId && (stats.mode & 0o022) === 0
    return isOurs ? `${folder}/${dev}-${ino}` : undefined
  } catch {
    return undefined
  }
}
