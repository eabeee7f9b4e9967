/** Who has a lock, as far as it says. */
export interface LockHolder {
  readonly pid?: number | undefined
  readonly host?: string | undefined
  readonly is: 'this' | 'here' | 'elsewhere'
}

/** What the user is told: who has it, and what to do about it. */
export function inUse(path: string, kind: 'journal' | 'state', { pid, host, is }: LockHolder): string {
  const who = {
    this: 'this process',
    here: `process ${pid}`,
    // Whether it is alive cannot be seen from here.
    elsewhere: `process ${pid} on ${host}, or in another container`,
  }
  const what = {
    this: `${kind === 'journal' ? 'Close the journal, or end the run that has it,' : 'End the run that has it'} first.`,
    here: `Wait until it has ended, or give each process a ${kind} of its own.`,
    elsewhere: `If that is gone for good, delete ${path}.lock.`,
  }
  return `${path} is in use by ${who[is]}. ${what[is]}`
}
