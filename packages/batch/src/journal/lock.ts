import type { LockHolder } from './lock-holder.ts'
import { PRIVATE_MODE } from './private-file.ts'
import { isAlive, thisProcess, type ProcessIdentity } from './process-identity.ts'
import { nodeModule } from '../node-modules.ts'

/** The maximum number of attempts at a lock that other processes release or take over in the meantime. */
const MAX_ROUNDS = 10

interface LockOptions {
  /** What to do with a lock whose holder may be alive on another machine or in another container. @default 'refuse' */
  onUnknownHolder?: 'refuse' | 'take-over'
}

/**
 * Locks a path by creating the file `<path>.lock`, which names the process that holds the lock. The lock of a dead process is stale and can be taken
 * over: a process first locks `<path>.lock.<token of the stale lock>`, and then replaces the stale lock file by its own with one `rename`. So there
 * is never a moment without a lock, and only one of the processes that find a lock stale takes it over.
 *
 * @param refusal creates the error if another process holds the lock
 * @returns a function that unlocks the path
 * @throws the error that `refusal` creates
 */
export async function lock(
  path: string,
  refusal: (holder: LockHolder) => Error,
  { onUnknownHolder = 'refuse' }: LockOptions = {},
): Promise<() => Promise<void>> {
  const { link, readFile, rename, rm, writeFile } = nodeModule('node:fs/promises')
  const self = await thisProcess()
  const token = crypto.randomUUID()
  const own = JSON.stringify({ ...self, token })
  const ownPath = `${path}.lock.${token}`

  // The lock file is created as a link to this complete file, so no process reads a partial lock.
  await writeFile(ownPath, own, { flag: 'wx', mode: PRIVATE_MODE })
  try {
    return await acquire(`${path}.lock`)
  } finally {
    await rm(ownPath, { force: true })
  }

  async function acquire(lockPath: string): Promise<() => Promise<void>> {
    const unlock = async (): Promise<void> => {
      if ((await read(lockPath)) === own) await rm(lockPath, { force: true })
    }
    for (let round = 0; round < MAX_ROUNDS; round++) {
      if (await linked(ownPath, lockPath)) return unlock
      const held = await read(lockPath)
      if (held !== undefined && (await takenOver(lockPath, held))) return unlock
    }
    throw refusal({ ...holderOf(await read(lockPath)), is: 'here' })
  }

  /** Replaces the lock of a dead process, unless another process was faster. */
  async function takenOver(lockPath: string, held: string): Promise<boolean> {
    const stale = await staleToken(held)
    const release = await acquire(`${lockPath}.${stale}`)
    try {
      if ((await read(lockPath)) !== held) return false
      const newPath = `${ownPath}.new`
      await link(ownPath, newPath)
      await rename(newPath, lockPath)
      return true
    } finally {
      await release()
    }
  }

  /** Returns the token of a stale lock. @throws the error of `refusal` if the process that holds the lock may be alive */
  async function staleToken(held: string): Promise<string> {
    const holder = holderOf(held)
    // The holder of an unreadable lock is unknown.
    const state = holder.token === undefined ? 'unknown' : await isAlive(holder as ProcessIdentity, self)
    const isStale = state === 'dead' || (state === 'unknown' && onUnknownHolder === 'take-over')
    if (isStale && holder.token !== undefined) return holder.token
    const is = state === 'this' ? 'this' : state === 'alive' ? 'here' : 'elsewhere'
    throw refusal({ ...holder, is })
  }

  async function linked(from: string, to: string): Promise<boolean> {
    try {
      await link(from, to)
      return true
    } catch (error) {
      if ((error as { code?: unknown }).code === 'EEXIST') return false
      throw error
    }
  }

  async function read(from: string): Promise<string | undefined> {
    try {
      return await readFile(from, 'utf8')
    } catch (error) {
      if ((error as { code?: unknown }).code === 'ENOENT') return undefined
      throw error
    }
  }
}

type Holder = { [Fact in keyof ProcessIdentity]?: ProcessIdentity[Fact] | undefined } & {
  /** A random id of the lock. Files that belong to the lock have it in their names. */
  token?: string | undefined
}

function holderOf(held: string | undefined): Holder {
  try {
    const { pid, startedAt, boot, namespace, host, token } = JSON.parse(held ?? '') as Holder
    const isHolder = typeof pid === 'number' && typeof token === 'string' && /^[\w-]{1,64}$/.test(token)
    return isHolder ? { pid, startedAt, boot, namespace, host, token } : {}
  } catch {
    return {}
  }
}
