import { JournalLockedError } from './journal-locked-error.ts'
import { isAlive, thisProcess, type ProcessIdentity } from './process-identity.ts'

const ROUNDS = 8

/**
 * Locks a journal by a file beside it that says who has it. A lock whose process is gone is taken over:
 *
 *     stale lock ── link claim on it ──► the only one who may remove it ── remove, then link as everybody does ──► locked
 *
 * A claim names the lock it is on, and is made only if there is none, so no two ever remove the same lock. Of a claimant who died,
 * the claim is stale like a lock, and is claimed likewise.
 *
 * @returns what unlocks it again
 * @throws JournalLockedError
 */
export async function lock(path: string): Promise<() => Promise<void>> {
  const { link, readFile, rm, writeFile } = await import('node:fs/promises')
  const lockPath = `${path}.lock`
  const { hash } = await import('node:crypto')
  const self = await thisProcess()
  const token = crypto.randomUUID()
  const ownPath = `${lockPath}.${token}`
  const own = JSON.stringify({ ...self, token })

  // A link appears at once and whole: nobody reads half of a lock.
  await writeFile(ownPath, own, { flag: 'wx' })
  try {
    for (let round = 0; round < ROUNDS; round++) {
      if (await linked(lockPath)) return unlock
      const held = await read(lockPath)
      if (held === undefined) continue
      await refuseWhileAlive(held)
      await removeStale(lockPath, held)
    }
    throw new JournalLockedError(path, { ...holderOf(await read(lockPath)), is: 'here' })
  } finally {
    await rm(ownPath, { force: true })
  }

  async function read(from: string): Promise<string | undefined> {
    try {
      return await readFile(from, 'utf8')
    } catch (error) {
      if ((error as { code?: unknown }).code === 'ENOENT') return undefined
      throw error
    }
  }

  async function linked(to: string): Promise<boolean> {
    try {
      await link(ownPath, to)
      return true
    } catch (error) {
      if ((error as { code?: unknown }).code === 'EEXIST') return false
      throw error
    }
  }

  async function refuseWhileAlive(held: string): Promise<void> {
    const holder = holderOf(held)
    // Nobody knows whose a lock is that cannot be read.
    const state = holder.pid === undefined ? 'unknown' : await isAlive(holder as ProcessIdentity, self)
    if (state === 'dead') return
    const is = state === 'this' ? 'this' : state === 'alive' ? 'here' : 'elsewhere'
    throw new JournalLockedError(path, { ...holder, is })
  }

  /** Removes what a dead process left, unless somebody else is about to. The content is never seen again: its token is unique. */
  async function removeStale(stalePath: string, stale: string): Promise<void> {
    const claimPath = `${lockPath}.${hash('sha256', stale, 'hex').slice(0, 16)}.claim`
    if (!(await linked(claimPath))) {
      const claimant = await read(claimPath)
      if (claimant === undefined) return
      await refuseWhileAlive(claimant)
      await removeStale(claimPath, claimant)
      return
    }
    // Who claims too late finds another lock, or none.
    if ((await read(stalePath)) === stale) await rm(stalePath, { force: true })
    await rm(claimPath, { force: true })
  }

  async function unlock(): Promise<void> {
    if ((await read(lockPath)) === own) await rm(lockPath, { force: true })
  }
}

type Holder = { [Fact in keyof ProcessIdentity]?: ProcessIdentity[Fact] | undefined }

function holderOf(held: string | undefined): Holder {
  try {
    const { pid, startedAt, boot, namespace, host } = JSON.parse(held ?? '') as Holder
    return typeof pid === 'number' ? { pid, startedAt, boot, namespace, host } : {}
  } catch {
    return {}
  }
}
