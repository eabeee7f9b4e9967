import { RedisConnection, type ConnectionOptions } from 'bullmq'

/** Where Redis is: a URL, or what BullMQ takes as `connection`: options of ioredis, or a client of ioredis or node-redis. */
export type FleetConnection = string | ConnectionOptions

/** A connection in the form that BullMQ takes. */
export interface OwnedConnection {
  readonly options: ConnectionOptions
  /**
   * Opens a connection of its own, for commands that block.
   *
   * @param onError called with errors of the connection, which connects again by itself. Without a listener, each would end the process
   */
  openBlocking(onError: (error: unknown) => void): RedisConnection
  /** Closes the copies of a client. The client itself is the user's, and stays open. */
  close(): void
}

/** A client of ioredis or node-redis, as far as it is used here. */
interface Client {
  duplicate(options?: { readonly maxRetriesPerRequest: null }): Client
  /** Closes a client of ioredis at once. */
  disconnect?(): unknown
  /** Closes a client of node-redis at once. */
  destroy?(): unknown
}

/** Makes the connections of a coordinator or a worker from one configuration. A client is duplicated, so that closing them does not close it. */
export function ownedConnection(connection: FleetConnection): OwnedConnection {
  const given = typeof connection === 'string' ? { url: connection } : connection
  if (!isClient(given)) {
    return {
      options: given,
      openBlocking: (onError) => blocking({ ...(given as object) }, onError),
      close: () => undefined,
    }
  }
  const copies: Client[] = []
  const copy = (): ConnectionOptions => {
    // BullMQ refuses clients that give up commands after a number of retries, which is the default of ioredis.
    const made =
      'defineCommand' in given ? given.duplicate({ maxRetriesPerRequest: null }) : given.duplicate()
    copies.push(made)
    return made
  }
  return {
    options: copy(),
    openBlocking: (onError) => blocking(copy(), onError),
    close() {
      for (const each of copies) {
        if (each.destroy) each.destroy()
        else each.disconnect?.()
      }
    },
  }
}

function blocking(options: ConnectionOptions, onError: (error: unknown) => void): RedisConnection {
  const connection = new RedisConnection(options, { shared: false, blocking: true })
  connection.on('error', onError)
  return connection
}

function isClient(given: object): given is Client {
  return 'duplicate' in given && typeof given.duplicate === 'function'
}
