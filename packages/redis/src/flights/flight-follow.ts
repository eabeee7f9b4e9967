import type { FlightEvent } from '../fleet/flight-contracts.ts'
import type { StreamListener } from './flight-reader.ts'
import { LeaderLife, type LeaderLifeOptions } from './leader-life.ts'

export interface FollowOptions extends Pick<LeaderLifeOptions, 'lockMs' | 'askMs'> {
  readonly signal: AbortSignal
  readonly maxBytes: number
  /** Called once, when nothing more is to be read. */
  readonly onOver: () => void
}

/**
 * A process that follows the leader of a call:
 *
 * - The leader is lost if it gives no sign of life, or if one of its events is missing because this process is too far behind.
 * - If Redis cannot be reached, this process leaves, so that it sends the call itself. But if it already has a part of a stream, it waits for
 *   Redis: another answer would not continue the first one.
 */
export class RedisFlightFollow implements StreamListener {
  readonly role = 'follow'
  lastId = '0'
  readonly #options: FollowOptions
  readonly #life: LeaderLife
  readonly #events: FlightEvent[] = []
  #bytes = 0
  #expected = 0
  /** The head of an answer whose text has not arrived yet. */
  #head: string | undefined
  #hasBegun = false
  #waiting: PromiseWithResolvers<FlightEvent> | undefined
  #isOver = false
  readonly #abort = (): void => {
    this.#waiting?.reject(this.#options.signal.reason)
    this.#waiting = undefined
    this.leave()
  }

  constructor(options: FollowOptions) {
    const { signal, lockMs, askMs } = options
    this.#options = options
    this.#life = new LeaderLife({
      ...{ lockMs, askMs },
      hasBegun: () => this.#hasBegun,
      onLost: () => this.lose(),
    })
    signal.addEventListener('abort', this.#abort, { once: true })
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
    this.#life.stop()
    this.#options.signal.removeEventListener('abort', this.#abort)
    this.#options.onOver()
  }

  lose(): void {
    if (this.#isOver) return
    this.#give(LOST)
    this.leave()
  }

  noteOutage(): void {
    this.#life.noteOutage()
  }

  take(number: number, kind: string, data: Buffer): void {
    // A leader sends events again if it does not know whether Redis has them.
    if (this.#isOver || number < this.#expected) return
    if (number !== this.#expected) {
      this.lose()
      return
    }
    this.#expected++
    this.#life.heard()
    const event = this.#eventOf(kind, data)
    if (!event) return
    this.#give(event)
    if (event.kind !== 'chunk') this.leave()
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
    this.#hasBegun = true
    const waiting = this.#waiting
    this.#waiting = undefined
    if (waiting) {
      waiting.resolve(event)
      return
    }
    if (event.kind === 'chunk') this.#bytes += event.bytes.length
    this.#events.push(event)
  }
}

const LOST: FlightEvent = { kind: 'lost' }
