import { Queue } from 'bullmq'
import { ownedConnection, type FleetConnection } from '../redis/connection.ts'
import { PURGE } from '../redis/coordinator-scripts.ts'
import { queueKeysOf } from '../redis/keys.ts'
import { Redis } from '../redis/redis.ts'
import { QueueUnavailableError } from '../wire/errors.ts'
import { FleetQueue } from './fleet-queue.ts'
import { Lease } from './lease.ts'

/** How long a run waits for Redis when it begins, in milliseconds. */
const OPEN_TIMEOUT_MS = 10_000
/** About how many events of BullMQ stay in Redis. Nothing here reads them. */
const MAX_EVENTS = 100

export interface FleetQueueOptions {
  readonly queue: string
  readonly connection: FleetConnection
  readonly prefix: string
}

/**
 * Connects to Redis, and takes the lease of the queue.
 *
 * @param run the token of the run
 * @param onError called with errors of Redis
 * @throws QueueUnavailableError if Redis does not answer
 * @throws QueueInUseError if the coordinator of another run is alive
 */
export async function openQueue(
  { queue: name, connection: given, prefix }: FleetQueueOptions,
  run: string,
  onError: (error: unknown) => void,
): Promise<FleetQueue> {
  const keys = queueKeysOf(prefix, name)
  const connection = ownedConnection(given)
  const queue = new Queue(name, {
    connection: connection.options,
    prefix: keys.bullmqPrefix,
    streams: { events: { maxLen: MAX_EVENTS } },
  })
  let lastError: unknown
  queue.on('error', (error) => {
    lastError = error
    onError(error)
  })
  try {
    await within(OPEN_TIMEOUT_MS, queue.waitUntilReady(), () => lastError)
    const redis = new Redis(await queue.getBackend().client)
    const lease = new Lease(redis, keys, run)
    await lease.acquire(name)
    // Workers that find the queue of an earlier run paused would wait for ever.
    await queue.resume()
    await redis.run(PURGE, [keys.wait], [run, keys.jobs])
    return new FleetQueue({ queue, redis, keys, connection, lease })
  } catch (error) {
    // A connection that was never made would not end by itself.
    await queue.getBackend().close(true).catch(onError)
    connection.close()
    throw error
  }
}

async function within<T>(ms: number, work: Promise<T>, lastError: () => unknown): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new QueueUnavailableError(ms, lastError())), ms)
  try {
    return await Promise.race([work, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
