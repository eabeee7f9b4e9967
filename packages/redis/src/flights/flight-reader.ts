import { timeLimit } from '@harbor/parts'
import type { RedisConnection } from '../client/connection.ts'
import { openConnection, type OwnConnection } from '../client/own-connection.ts'
import type { RedisClient } from '../client/redis-client.ts'
import { entriesIn } from './stream-reply.ts'

/** How long one command waits in Redis for events, in milliseconds. */
const BLOCK_MS = 1_000
/** How much later than that its reply may arrive, in milliseconds. */
const LATE_MS = 1_000
/** How long the connection may take to open, in milliseconds. */
const MAX_CONNECT_MS = 1_000
/** The maximum number of events of each stream in one reply. */
const COUNT = 256

/** After this time a connection that could not be opened is tried again, in milliseconds. */
const AGAIN_MS = 250

/** Gets the events of one stream. */
export interface StreamListener {
  /** The id of the last event that was read. */
  lastId: string
  take(number: number, kind: string, data: Buffer): void
  /** Called when the server cannot be reached. */
  noteOutage(): void
  /** Called when no more events will be read. */
  lose(): void
}

/**
 * Reads the streams of all flights that a client follows, as soon as there are events in them, by one blocking command at a time on a connection of
 * its own. The connection is opened when it is first needed. While no flight is followed, nothing is sent.
 *
 * The wake-up stream ends the blocking command, so that the next one also reads a stream that was added.
 */
export class FlightReader {
  readonly #client: RedisClient
  readonly #connection: RedisConnection
  readonly #wakeKey: string
  readonly #wake: () => void
  readonly #streams = new Map<string, StreamListener>()
  #opening: Promise<boolean> | undefined
  #own: OwnConnection | undefined
  #isReading = false
  #isClosed = false
  #wokenAt = '0'

  /** @param wake writes to the wake-up stream */
  constructor(client: RedisClient, connection: RedisConnection, wakeKey: string, wake: () => void) {
    this.#client = client
    this.#connection = connection
    this.#wakeKey = wakeKey
    this.#wake = wake
  }

  get size(): number {
    return this.#streams.size
  }

  has(key: string): boolean {
    return this.#streams.has(key)
  }

  /** Opens the connection, unless it is open. @returns whether it is open in time. Never rejects */
  async open(): Promise<boolean> {
    if (this.#own || this.#isClosed) return !this.#isClosed
    this.#opening ??= this.#open().finally(() => (this.#opening = undefined))
    return this.#opening
  }

  add(key: string, listener: StreamListener): void {
    this.#streams.set(key, listener)
    if (this.#isReading) this.#wake()
    else void this.#readOn()
  }

  remove(key: string, listener: StreamListener): void {
    if (this.#streams.get(key) === listener) this.#streams.delete(key)
  }

  /** Notifies all that follow that the server cannot be reached. Those that have nothing of an answer leave. */
  noteOutage(): void {
    for (const listener of [...this.#streams.values()]) listener.noteOutage()
  }

  close(): void {
    this.#isClosed = true
    this.#closeOwn()
    for (const listener of [...this.#streams.values()]) listener.lose()
  }

  async #open(): Promise<boolean> {
    const own = await openConnection(this.#client, MAX_CONNECT_MS)
    if (own && !this.#isClosed) this.#own = own
    else own?.close()
    return this.#own !== undefined
  }

  #closeOwn(): void {
    this.#own?.close()
    this.#own = undefined
  }

  async #readOn(): Promise<void> {
    this.#isReading = true
    while (this.#streams.size > 0 && !this.#isClosed) {
      try {
        if (this.#own) await this.#read(this.#own)
        else if (!(await this.open())) await new Promise((resolve) => setTimeout(resolve, AGAIN_MS).unref())
      } catch {
        this.#closeOwn()
        // The server may have been replaced by one whose ids are lower. Events that are read twice are recognized by their numbers.
        this.#wokenAt = '0'
        for (const listener of this.#streams.values()) listener.lastId = '0'
        this.noteOutage()
      }
    }
    this.#isReading = false
  }

  async #read({ link }: OwnConnection): Promise<void> {
    const streams = [...this.#streams]
    const keys = [this.#wakeKey, ...streams.map(([key]) => key)]
    const ids = [this.#wokenAt, ...streams.map(([, { lastId }]) => lastId)]
    this.#connection.count()
    const reply = await inTime(
      link.send('XREAD', 'COUNT', String(COUNT), 'BLOCK', String(BLOCK_MS), 'STREAMS', ...keys, ...ids),
    )
    for (const { key: whole, id, number, kind, data } of entriesIn(reply)) {
      // Without the prefix that the client itself may add to all keys.
      const key = whole.slice(whole.lastIndexOf('{'))
      if (key === this.#wakeKey) this.#wokenAt = id
      const listener = this.#streams.get(key)
      if (!listener) continue
      listener.lastId = id
      listener.take(number, kind, data)
    }
  }
}

/** Rejects if a blocking command has no reply long after it should have one: its connection is dead. */
async function inTime<T>(reply: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const isInTime = timeLimit(BLOCK_MS + LATE_MS, () => reject(new Error('The connection is dead.')))
  try {
    return await Promise.race([reply, late])
  } finally {
    isInTime()
  }
}
