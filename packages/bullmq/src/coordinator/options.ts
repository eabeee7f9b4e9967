import type { BulkOptions, Journal } from '@harbor/batch'
import { expectValue, type Check } from '@harbor/parts'
import type { FleetConnection } from '../redis/connection.ts'

/** Where the queue of a bulk run is: the same for its coordinator and its workers. */
export interface FleetQueueLocation {
  /** The name of the queue: up to 100 letters, digits, `.`, `_` and `-`. The workers with this name take its items. */
  readonly queue: string
  /**
   * Redis: a URL, options of `ioredis`, or a client of `ioredis` or `redis`. A client stays yours: Harbor does not close it, and opens further
   * connections like it. Use a server that does not evict keys (`maxmemory-policy noeviction`).
   */
  readonly connection: FleetConnection
  /** The beginning of all keys, without `:`, `{` and `}`. Queues with different prefixes do not meet. @default 'harbor' */
  readonly prefix?: string | undefined
}

/** Options of `runFleetBulk`: those of `runBulk`, of which `journal` and `concurrency` differ, and where the queue is. */
export interface FleetBulkOptions<Item> extends BulkOptions<Item>, FleetQueueLocation {
  /**
   * Where results are stored. Required: the journal says which items are done, and Redis may lose everything. Only one process can have it open.
   */
  readonly journal: Journal | string
  /**
   * The maximum number of items that are queued or at a worker at once, at most 10,000. It must be larger than the concurrency of all workers
   * together; more only uses more memory in Redis. @default 1_000
   */
  readonly concurrency?: BulkOptions<Item>['concurrency']
}

/** The maximum number of items in Redis at once. */
const MAX_WINDOW = 10_000
export const DEFAULT_WINDOW = 1_000

/** @throws TypeError for a queue, a connection or a prefix that cannot be used */
export function checkLocation({ queue, connection, prefix }: FleetQueueLocation): void {
  expectValue('queue', queue, aQueueName)
  expectValue('connection', connection, aConnection)
  if (prefix !== undefined) expectValue('prefix', prefix, aPrefix)
}

/** @throws TypeError for a missing journal, or too many items at once */
export function checkWindow({ journal, concurrency }: FleetBulkOptions<never>): void {
  if ((journal as unknown) === undefined)
    throw new TypeError('journal is required: it says which items are done when a process or Redis is gone')
  const size = typeof concurrency === 'object' ? concurrency.limit : (concurrency ?? 0)
  if (size > MAX_WINDOW)
    throw new TypeError(`concurrency must be at most ${MAX_WINDOW} items at once, got ${size}`)
}

const aQueueName: Check = (value) =>
  (typeof value === 'string' && /^[\w.-]{1,100}$/.test(value)) ||
  'a name of up to 100 letters, digits, ".", "_" and "-"'
const aConnection: Check = (value) =>
  (typeof value === 'string' && /^rediss?:\/\/|^unix:|^\//.test(value)) ||
  (typeof value === 'object' && value !== null) ||
  'a URL that begins with redis:// or rediss://, options, or a client'
const aPrefix: Check = (value) =>
  (typeof value === 'string' && /^[^:{}]{1,100}$/.test(value)) ||
  'a text of up to 100 characters without ":", "{" and "}"'
