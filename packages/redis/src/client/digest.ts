import { createHash } from 'node:crypto'

/** Returns the name under which something is stored in Redis. The name that Harbor uses may contain a credential, which must not be seen there. */
export function digestOf(name: string): string {
  return createHash('sha256').update(name).digest('hex').slice(0, 32)
}
