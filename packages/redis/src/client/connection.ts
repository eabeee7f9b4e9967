import { timeLimit } from '@harbor/parts'
import { ALLOWED_AGAIN_MS, isForbidden, RIGHTS } from './forbidden.ts'
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
  /** Called after `onChange` when the connection becomes degraded, and when it is whole again. */
  readonly onDegraded?: (isDegraded: boolean) => void
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
  /** Runs while some command was refused lately, because the Redis user may not run it. */
  #forbidden: NodeJS.Timeout | undefined
  /** What `onDegraded` was last called with. */
  #wasDegraded = false
  #hasWarned = false

  constructor(link: RedisLink, options: ConnectionOptions) {
    this.link = link
    this.#options = options
  }

  get isDown(): boolean {
    return this.#isDown
  }

  /** Whether Redis is down, or has refused a command lately that the Redis user may not run. */
  get isDegraded(): boolean {
    return this.#isDown || this.#forbidden !== undefined
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
            if (isForbidden(error)) this.#refused(error)
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
    clearTimeout(this.#forbidden)
  }

  #refused({ message }: Error): void {
    this.#lastError = message
    if (this.#isClosed) return
    if (this.#forbidden) this.#forbidden.refresh()
    else {
      this.#forbidden = setTimeout(() => {
        this.#forbidden = undefined
        this.#notify()
      }, ALLOWED_AGAIN_MS)
      this.#forbidden.unref()
      this.#notify()
    }
    if (this.#hasWarned) return
    this.#hasWarned = true
    process.emitWarning(
      `Redis refuses a command of Harbor: ${message} What needs it is not shared with other processes, and each counts alone. Allow the ` +
        `Redis user: ${RIGHTS.join(' ')}, and the keys of the prefix.`,
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
    this.#notify()
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
    this.#notify()
  }

  #notify(): void {
    const { isDegraded } = this
    if (isDegraded === this.#wasDegraded) return
    this.#wasDegraded = isDegraded
    this.#options.onDegraded?.(isDegraded)
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
