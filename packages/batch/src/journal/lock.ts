import { JournalLockedError } from './journal-locked-error.ts'
import { isAlive, thisProcess, type ProcessIdentity } from './process-identity.ts'

/** How long a lock that was taken over is watched for somebody who took it over too, in milliseconds. */
const CONTEST_MS = 25
const ROUNDS = 5

/**
 * Locks a journal by a file beside it that says who has it. A lock whose process is gone is taken over.
 *
 * @returns what unlocks it again
 * @throws JournalLockedError
 */
export async function lock(path: string): Promise<() => Promise<void>> {
  const { link, readFile, rename, rm, writeFile } = await import('node:fs/promises')
  const lockPath = `${path}.lock`
  const self = await thisProcess()
  const token = crypto.randomUUID()
  const ownPath = `${lockPath}.${token}`
  const own = JSON.stringify({ ...self, token })
  const read = (from: string): Promise<string | undefined> =>
    readFile(from, 'utf8').catch((error: unknown) => {
      if ((error as { code?: unknown }).code === 'ENOENT') return undefined
      throw error
    })

  // A link appears at once and whole: nobody reads half of a lock.
  await writeFile(ownPath, own, { flag: 'wx' })
  try {
    let tookOver = false
    for (let round = 0; round < ROUNDS; round++) {
      if (await linked()) {
        if (tookOver) await contest()
        return unlock
      }
      const held = await read(lockPath)
      if (held === undefined) continue
      await refuseWhileAlive(held)
      await removeStale(held)
      tookOver = true
    }
    throw new JournalLockedError(path, { ...holderOf(await read(lockPath)), is: 'here' })
  } finally {
    await rm(ownPath, { force: true })
  }

  async function linked(): Promise<boolean> {
    try {
      await link(ownPath, lockPath)
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

  /** Moves the lock away first, for it may be a new one by now, of somebody who was faster. That one is put back. */
  async function removeStale(stale: string): Promise<void> {
    const asidePath = `${ownPath}.aside`
    try {
      await rename(lockPath, asidePath)
    } catch (error) {
      if ((error as { code?: unknown }).code === 'ENOENT') return
      throw error
    }
    const moved = await read(asidePath)
    if (moved !== stale) await link(asidePath, lockPath).catch(() => undefined)
    await rm(asidePath, { force: true })
  }

  /** While a lock was moved away, a third one may have come: whoever does not find his own after a while has lost. */
  async function contest(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, CONTEST_MS))
    const held = await read(lockPath)
    if (held !== own) throw new JournalLockedError(path, { ...holderOf(held), is: 'here' })
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
