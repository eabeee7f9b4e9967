/** The process that holds a lock. Facts that the lock does not name are undefined. */
export interface LockHolder {
  /** The id of the process; undefined if the lock file does not name it. */
  readonly pid?: number | undefined
  /** The host name of the machine on which it runs; undefined if the lock file does not name it. */
  readonly host?: string | undefined
  /**
   * Where the holder runs. `'this'`: it is this process. `'here'`: another process on this machine. `'elsewhere'`: a process on another machine or in
   * another container, so this process cannot check whether it is alive.
   */
  readonly is: 'this' | 'here' | 'elsewhere'
}

/** Returns the error message for a file in use: which process uses it, and what to do about it. */
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
