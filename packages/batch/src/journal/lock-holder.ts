/** The process that holds a lock. Facts that the lock does not name are undefined. */
export interface LockHolder {
  readonly pid?: number | undefined
  readonly host?: string | undefined
  /**
   * Whether the holder is this process, another one on this machine, or one on another machine or in another container.
   */
  readonly is: 'this' | 'here' | 'elsewhere'
}

/** The message for a file in use: which process uses it, and what to do about it. */
export function inUse(path: string, kind: 'journal' | 'state', { pid, host, is }: LockHolder): string {
  const holder = {
    this: 'this process',
    here: `process ${pid}`,
    // This process cannot check whether such a process is alive.
    elsewhere: `process ${pid} on ${host}, or in another container`,
  }
  const remedy = {
    this: `${kind === 'journal' ? 'Close the journal, or end the run that has it,' : 'End the run that has it'} first.`,
    here: `Wait until it has ended, or give each process a ${kind} of its own.`,
    elsewhere: `If that is gone for good, delete ${path}.lock.`,
  }
  return `${path} is in use by ${holder[is]}. ${remedy[is]}`
}
