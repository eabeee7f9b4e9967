import { timeLimit } from '@harbor/parts'
import { FORBIDDEN_MS, isForbidden, RIGHTS } from './forbidden.ts'
import type { RedisLink } from './redis-client.ts'

/** While Redis does not answer, it is tried this often, in milliseconds. */
const PROBE_MS = 250
/** The maximum time between two probes, in milliseconds. */
const MAX_PROBE_MS = 4_000
/** A server that fails again within this time after it had recovered is left alone for longer, in milliseconds. */
const RELAPSE_MS = 2_000

const NO_CONNECTION = 'The client has no connection to Redis.'

export interface ConnectionOptions {
  /** How long a command may take, in milliseconds. */
  readonly budgetMs: number
  /** A key that a probe may write. */
  readonly probeKey: string
  /** Called when Redis is lost, and when it answers again. */
  readonly onChange?: (isDown: boolean) => void
}

/**
 * The commands of one client of Harbor to a Redis server, each within a time limit:
 *
 *              no connection, no answer in time, or an error
 *     up ──────────────────────────────────────────────────────▶ down: no command is sent but a probe from time to time
 *      ▲                                                           │
 *      └──────────────────── a probe succeeded ────────────────────┘
 *
 * So only the calls that notice an outage wait for it. A command that the Redis user may not run is no outage: Redis has answered.
 */
export class RedisConnection {
  readonly link: RedisLink
  readonly #options: ConnectionOptions
  #isDown = false
  #isClosed = false
  #recoveredAt = -Infinity
  /** The time between the probes of this outage. */
  #probeMs = PROBE_MS
  #timer: NodeJS.Timeout | undefined
  #roundTrips = 0
  #lastError: string | undefined
  #forbiddenUntil = -Infinity
  #hasWarned = false

  constructor(link: RedisLink, options: ConnectionOptions) {
    this.link = link
    this.#options = options
  }

  get isDown(): boolean {
    return this.#isDown
  }

  /** Whether some command was refused lately, because the Redis user may not run it. */
  get isForbidden(): boolean {
    return performance.now() < this.#forbiddenUntil
  }

  /** Counts commands that are sent in another way. A negative number takes back those that were not sent. */
  count(commands = 1): void {
    this.#roundTrips += commands
  }

  /** The number of commands that were sent. */
  get roundTrips(): number {
    return this.#roundTrips
  }

  /** The message of the latest error; undefined if there was none. */
  get lastError(): string | undefined {
    return this.#lastError
  }

  /**
   * Sends a command, unless Redis is down. While the client connects for the first time, as at the start of a process, the command waits for that, too.
   *
   * @param send sends the command
   * @param onLate called with the reply when Redis has answered after the time was over, or without one when the command has failed then
   * @returns the reply; undefined if there is none in time, or Redis has answered with an error. Never rejects
   */
  run<T>(send: (link: RedisLink) => Promise<T>, onLate?: (reply?: T) => void): Promise<T | undefined> {
    if (this.#isDown || this.#isClosed) return Promise.resolve(undefined)
    const { link } = this
    const first = link.firstConnection()
    if (!first && !link.isReady()) {
      this.#fail(NO_CONNECTION)
      return Promise.resolve(undefined)
    }
    return new Promise((resolve) => {
      let isLate = false
      const isInTime = timeLimit(this.#options.budgetMs, () => {
        isLate = true
        this.#fail(
          link.isReady() ? `Redis has not answered within ${this.#options.budgetMs} ms.` : NO_CONNECTION,
        )
        resolve(undefined)
      })
      const begin = (): void => {
        if (isLate || this.#isClosed) return
        this.#roundTrips++
        send(link).then(
          (reply) => {
            if (isInTime()) resolve(reply)
            else onLate?.(reply)
          },
          (error: unknown) => {
            isInTime()
            if (isForbidden(error)) this.#forbidden(error)
            else this.#fail(messageOf(error))
            if (isLate) onLate?.()
            else resolve(undefined)
          },
        )
      }
      if (first) void first.then(begin)
      else begin()
    })
  }

  /** Sends no more commands. The client stays open, since it is the user's. */
  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
  }

  #forbidden({ message }: Error): void {
    this.#lastError = message
    this.#forbiddenUntil = performance.now() + FORBIDDEN_MS
    if (this.#hasWarned) return
    this.#hasWarned = true
    process.emitWarning(
      `Redis refuses a command of the fleet: ${message} What needs it is not shared with other processes, and each uses its part. Allow ` +
        `the Redis user: ${RIGHTS.join(' ')}, and the keys of the prefix.`,
      'HarborWarning',
    )
  }

  #fail(message: string): void {
    this.#lastError = message
    if (this.#isDown || this.#isClosed) return
    this.#isDown = true
    const isRelapse = performance.now() - this.#recoveredAt < RELAPSE_MS
    this.#probeMs = isRelapse ? Math.min(MAX_PROBE_MS, this.#probeMs * 2) : PROBE_MS
    this.#options.onChange?.(true)
    this.#probeLater()
  }

  #probeLater(): void {
    if (this.#isClosed) return
    this.#timer = setTimeout(() => void this.#probe(), this.#probeMs)
    this.#timer.unref()
  }

  async #probe(): Promise<void> {
    const hasRecovered = await this.#answers()
    if (this.#isClosed) return
    if (!hasRecovered) {
      this.#probeLater()
      return
    }
    this.#isDown = false
    this.#recoveredAt = performance.now()
    this.#options.onChange?.(false)
  }

  /** Whether Redis carries out a command in time. The command writes, since a server whose memory is full still reads. */
  async #answers(): Promise<boolean> {
    const { probeKey } = this.#options
    if (!this.link.isReady()) return false
    this.#roundTrips++
    const isInTime = timeLimit(this.#options.budgetMs, () => undefined)
    try {
      // However long this takes, no other probe is sent meanwhile.
      await this.link.send('SET', probeKey, '1', 'PX', '60000')
      return isInTime()
    } catch (error) {
      isInTime()
      this.#lastError = messageOf(error)
      return false
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
