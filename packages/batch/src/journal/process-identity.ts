import { nodeModule } from '../node-modules.ts'

/** The facts that distinguish a process from all others, including a later process with the same process id. */
export interface ProcessIdentity {
  readonly pid: number
  /** When the process started, in clock ticks since the machine was booted; undefined without `/proc`. */
  readonly startedAt?: string | undefined
  /** The id of the current boot of the machine. */
  readonly boot?: string | undefined
  /** The namespace of process ids: each container has its own. */
  readonly namespace?: string | undefined
  readonly host: string
}

export async function thisProcess(): Promise<ProcessIdentity> {
  const { hostname } = nodeModule('node:os')
  const { readFile, readlink } = nodeModule('node:fs/promises')
  const unknown = (): undefined => undefined
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(unknown)
  return {
    pid: process.pid,
    startedAt: (await statOf(process.pid))?.startedAt,
    boot: boot?.trim(),
    namespace: await readlink('/proc/self/ns/pid').catch(unknown),
    host: hostname(),
  }
}

/**
 * Checks whether a recorded process is still running. The answer is `'unknown'` for a process on another machine or in another container, since
 * process ids from there mean nothing here.
 */
export async function isAlive(
  other: ProcessIdentity,
  self: ProcessIdentity,
): Promise<'this' | 'alive' | 'dead' | 'unknown'> {
  if (other.host !== self.host) return 'unknown'
  if (other.boot !== self.boot) return 'dead' // The machine was restarted after the process was recorded.
  if (other.namespace !== self.namespace) return 'unknown'
  if (other.pid === self.pid) return other.startedAt === self.startedAt ? 'this' : 'dead'
  if (self.startedAt !== undefined) {
    const stat = await statOf(other.pid)
    return stat?.isRunning && stat.startedAt === other.startedAt ? 'alive' : 'dead'
  }
  try {
    process.kill(other.pid, 0)
    return 'alive'
  } catch (error) {
    return (error as { code?: unknown }).code === 'EPERM' ? 'alive' : 'dead'
  }
}

/** Reads the state (field 3) and the start time (field 22) of a process from `/proc/<pid>/stat`. See proc_pid_stat(5). */
async function statOf(
  pid: number,
): Promise<{ isRunning: boolean; startedAt: string | undefined } | undefined> {
  const { readFile } = nodeModule('node:fs/promises')
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  // Field 2, the name, is in parentheses and may itself contain parentheses.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
  // A killed process stays as a zombie until its parent has waited for it.
  return fields && { isRunning: !/[ZX]/.test(fields[0] ?? ''), startedAt: fields[19] }
}
