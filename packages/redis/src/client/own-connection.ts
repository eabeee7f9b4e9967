import { timeLimit } from '@harbor/parts'
import { linkTo, type RedisClient, type RedisLink } from './redis-client.ts'

/** A connection of its own to the server of a client, for commands that wait in Redis. */
export interface OwnConnection {
  readonly link: RedisLink
  close(): void
}

/** What a client of either library has for a second connection. */
interface Duplicable {
  duplicate(options?: object): RedisClient & {
    connect(): Promise<unknown>
    on(event: 'error', listener: () => void): unknown
    /** Of ioredis. */
    disconnect?(): void
    /** Of node-redis. */
    destroy?(): void
  }
}

/**
 * Options for the second connection: it is made once, does not collect commands while it is broken, and has no time limit for commands. Each library
 * ignores those of the other one.
 */
const OPTIONS = {
  lazyConnect: true,
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  retryStrategy: null,
  commandTimeout: undefined,
  socketTimeout: undefined,
  blockingTimeout: undefined,
  autoResendUnfulfilledCommands: false,
  disableOfflineQueue: true,
}

/**
 * Opens a second connection to the server of a client, with the client's own options. Its errors reject its commands only.
 *
 * @param maxMs how long this may take, in milliseconds
 * @returns undefined if there is no connection in time. Never rejects
 */
export async function openConnection(client: RedisClient, maxMs: number): Promise<OwnConnection | undefined> {
  if (!isDuplicable(client)) return undefined
  const second = client.duplicate(OPTIONS)
  const close = (): void => {
    try {
      if (second.destroy) second.destroy()
      else second.disconnect?.()
    } catch {
      // It is closed already.
    }
  }
  second.on('error', () => undefined)
  const { promise: late, resolve } = Promise.withResolvers<false>()
  const isInTime = timeLimit(maxMs, () => resolve(false))
  const isOpen = await Promise.race([
    second.connect().then(
      () => true,
      () => false,
    ),
    late,
  ])
  isInTime()
  if (isOpen) return { link: linkTo(second), close }
  close()
  return undefined
}

function isDuplicable(client: object): client is RedisClient & Duplicable {
  return 'duplicate' in client && typeof client.duplicate === 'function'
}
