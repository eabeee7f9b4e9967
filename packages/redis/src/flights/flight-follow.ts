import type { FlightEvent } from '../fleet/flight-contracts.ts'
import { LOCK_TTL_MS } from './flight-keys.ts'

/** After the time at which a leader must have renewed its lock, this much later it is checked, in milliseconds. */
const SLACK_MS = 10

export interface FollowOptions {
  readonly signal: AbortSignal
  readonly maxBytes: number
  /** How long the lock of the leader is valid, in milliseconds. */
  readonly lockMs: number
  /** Asks Redis how long the leader's sign of life is still valid, in milliseconds; 0 if the leader is lost, or Redis cannot be reached. */
  readonly lifeMs: () => Promise<number>
  /** Called once, when nothing more is to be read. */
  readonly onOver: () => void
}

/**
 * A process that follows the leader of a call. The leader is lost if its sign of life in Redis has expired, or if one of its events is missing
 * because this process is too far behind.
 */
export class RedisFlightFollow {
  readonly role = 'follow'
  readonly #options: FollowOptions
  readonly #events: FlightEvent[] = []
  #bytes = 0
  #expected = 0
  /** The head of an answer whose text has not arrived yet. */
  #head: string | undefined
  #waiting: PromiseWithResolvers<FlightEvent> | undefined
  #timer: NodeJS.Timeout | undefined
  /** Until then the leader is alive. */
  #validUntil: number
  #isOver = false
  readonly #abort = (): void => {
    this.#waiting?.reject(this.#options.signal.reason)
    this.#waiting = undefined
    this.leave()
  }

  constructor(options: FollowOptions) {
    this.#options = options
    options.signal.addEventListener('abort', this.#abort, { once: true })
    this.#validUntil = performance.now() + options.lockMs
    this.#checkAfter(options.lockMs)
  }

  async next(): Promise<FlightEvent> {
    this.#options.signal.throwIfAborted()
    const event = this.#events.shift()
    if (event) {
      if (event.kind === 'chunk') this.#bytes -= event.bytes.length
      return event
    }
    if (this.#isOver) return LOST
    this.#waiting = Promise.withResolvers()
    return this.#waiting.promise
  }

  leave(): void {
    if (this.#isOver) return
    this.#isOver = true
    clearTimeout(this.#timer)
    this.#options.signal.removeEventListener('abort', this.#abort)
    this.#options.onOver()
  }

  /** Called when the leader is lost: by its silence, or because Redis cannot be reached. */
  lose(): void {
    if (this.#isOver) return
    this.#give(LOST)
    this.leave()
  }

  /** Takes an event that was read from Redis. */
  take(number: number, kind: string, data: Buffer): void {
    if (this.#isOver) return
    if (number !== this.#expected) {
      this.lose()
      return
    }
    this.#expected++
    this.#validUntil = performance.now() + LOCK_TTL_MS
    const event = this.#eventOf(kind, data)
    if (!event) return
    this.#give(event)
    if (event.kind !== 'head' && event.kind !== 'chunk') this.leave()
    else if (this.#bytes > this.#options.maxBytes) this.lose()
  }

  #eventOf(kind: string, data: Buffer): FlightEvent | undefined {
    switch (kind) {
      case 'begin':
        return undefined
      case 'head':
        this.#head = data.toString()
        return undefined
      case 'text':
        return { kind: 'whole', head: this.#takeHead() ?? '', text: data.toString() }
      case 'chunk':
        this.#giveHead()
        return { kind: 'chunk', bytes: data }
      case 'end':
        this.#giveHead()
        return { kind }
      case 'failed':
        return { kind, failure: data.length === 0 ? undefined : data.toString() }
      case 'too-large':
        return { kind }
      default:
        // An event of a later version, without which the others cannot be understood.
        return LOST
    }
  }

  #takeHead(): string | undefined {
    const head = this.#head
    this.#head = undefined
    return head
  }

  #giveHead(): void {
    const head = this.#takeHead()
    if (head !== undefined) this.#give({ kind: 'head', head })
  }

  #give(event: FlightEvent): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    if (waiting) {
      waiting.resolve(event)
      return
    }
    if (event.kind === 'chunk') this.#bytes += event.bytes.length
    this.#events.push(event)
  }

  #checkAfter(ms: number): void {
    this.#timer = setTimeout(() => void this.#check(), ms + SLACK_MS)
    this.#timer.unref()
  }

  async #check(): Promise<void> {
    const validMs = this.#validUntil - performance.now()
    if (validMs > 0) {
      this.#checkAfter(validMs)
      return
    }
    const lifeMs = await this.#options.lifeMs()
    if (this.#isOver) return
    // An event may have been read while the reply was on its way.
    this.#validUntil = Math.max(this.#validUntil, performance.now() + Math.min(lifeMs, LOCK_TTL_MS))
    const leftMs = this.#validUntil - performance.now()
    if (leftMs > 0) this.#checkAfter(leftMs)
    else this.lose()
  }
}

const LOST: FlightEvent = { kind: 'lost' }
