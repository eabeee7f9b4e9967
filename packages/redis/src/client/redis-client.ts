/** What the clients of both libraries have. */
interface Connecting {
  once(event: 'ready', listener: () => void): unknown
}

/** A client of `ioredis`, version 5 or newer. Only these parts of it are used. */
export interface IoredisClient extends Connecting {
  /** `ready` while commands can be sent. */
  readonly status: string
  /** Sends a command. Resolves with its reply, in which all texts are buffers. */
  callBuffer(command: string, ...args: (string | Buffer)[]): Promise<unknown>
  /** Whether this is a client of a cluster, which is refused. */
  readonly isCluster?: boolean
}

/** A client of `redis` (node-redis), version 5 or newer. Only these parts of it are used. */
export interface NodeRedisClient extends Connecting {
  /** Whether commands can be sent. */
  readonly isReady: boolean
  /** Returns a client on the same connection that returns texts as buffers. */
  withTypeMapping(mapping: Readonly<Record<number, typeof Buffer>>): {
    /** Sends a command. Resolves with its reply. */
    sendCommand(args: (string | Buffer)[]): Promise<unknown>
  }
}

/** A client of Redis or Valkey that is connected, or connects. */
export type RedisClient = IoredisClient | NodeRedisClient

/** How commands are sent, over either client. */
export interface RedisLink {
  /** Whether a command can be sent now. A command that is sent anyway would wait in the queue of the client. */
  isReady(): boolean
  /** Resolves when the client has its first connection. Returns undefined after that, also when the connection is lost. */
  firstConnection(): Promise<void> | undefined
  /** Sends a command. Resolves with its reply, in which all texts are buffers. */
  send(command: string, ...args: (string | Buffer)[]): Promise<unknown>
}

/** The type of a text in the protocol of Redis: the character `$`. */
const BLOB_STRING = 36

/**
 * @throws TypeError for anything but a client of ioredis or node-redis, and for a client of a cluster
 */
export function linkTo(client: RedisClient): RedisLink {
  if (isOfCluster(client))
    throw new TypeError(
      'client must be connected to one Redis server; a cluster is not supported. Use a server of its own for Harbor.',
    )
  if ('callBuffer' in client) {
    const isReady = (): boolean => client.status === 'ready'
    return {
      isReady,
      firstConnection: firstConnectionOf(client, isReady),
      send: (command, ...args) => client.callBuffer(command, ...args),
    }
  }
  if ('withTypeMapping' in client) {
    const withBuffers = client.withTypeMapping({ [BLOB_STRING]: Buffer })
    const isReady = (): boolean => client.isReady
    return {
      isReady,
      firstConnection: firstConnectionOf(client, isReady),
      send: (command, ...args) => withBuffers.sendCommand([command, ...args]),
    }
  }
  throw new TypeError('client must be a client of ioredis or node-redis (redis), version 5 or newer')
}

/** The clients that connect for the first time. Each has one listener, however many clients of Harbor use it. */
const connecting = new WeakMap<Connecting, Promise<void>>()

function firstConnectionOf(client: Connecting, isReady: () => boolean): RedisLink['firstConnection'] {
  if (!isReady() && !connecting.has(client)) {
    const ready = new Promise<void>((resolve) => client.once('ready', resolve))
    connecting.set(client, ready)
    void ready.then(() => connecting.delete(client))
  }
  return () => connecting.get(client)
}

/** Whether a client is that of a cluster. Those of ioredis have `isCluster`, those of node-redis have `masters`. */
function isOfCluster(client: object): boolean {
  return 'masters' in client || ('isCluster' in client && client.isCluster === true)
}
