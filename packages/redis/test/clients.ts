import { Redis } from 'ioredis'
import { createClient } from 'redis'
import type { RedisClient } from '../src/index.ts'

/** A client that a test has connected. */
export interface Connected {
  readonly client: RedisClient
  command(...args: [string, ...string[]]): Promise<unknown>
  disconnect(): void
}

/** Connects to a server with each client library. */
export const CLIENTS: Readonly<Record<string, (url: string) => Promise<Connected>>> = {
  ioredis: async (url) => {
    const client = new Redis(url, { lazyConnect: true, retryStrategy: () => 20 })
    client.on('error', () => undefined)
    await client.connect()
    return {
      client,
      command: (...args) => client.call(...args),
      disconnect: () => client.disconnect(),
    }
  },
  'node-redis': async (url) => {
    const client = createClient({ url, socket: { reconnectStrategy: 20 } })
    client.on('error', () => undefined)
    await client.connect()
    return {
      client,
      command: (...args) => client.sendCommand(args),
      disconnect: () => client.destroy(),
    }
  },
}
