import { MAX_UNREACHABLE_MS, RENEW_MS } from './flight-keys.ts'
import { Publications, type FlightEnd, type FlightEntry, type Publication } from './publication.ts'

/** How often the bytes of a stream are passed on while other processes follow it, in milliseconds. */
const FOLLOWED_MS = 20
/** How often they are passed on while no process follows. */
const ALONE_MS = 250
/** When Redis has not carried out a command, it is sent again after this time, in milliseconds. */
const AGAIN_MS = 100
/** A flight whose answer is not read is given up after this time, in milliseconds. */
const MAX_LEAD_MS = 900_000
/** The maximum size of an answer that is not a stream, in bytes. It is one command, which Redis has to carry out within `budgetMs`. */
const MAX_WHOLE_BYTES = 1_048_576

/** What a leader needs of the client that it belongs to. */
export interface LeadOptions {
  readonly maxBytes: number
  readonly onFollowed: () => void
  /** Sends events. Resolves with what Redis says of the flight; undefined if it cannot be reached. */
  readonly publish: (publication: Publication) => Promise<string | undefined>
  /** Called once, when the flight needs no more renewals. */
  readonly onOver: () => void
}

/**
 * The lead of one call: passes its answer on to the processes that follow. Bytes are collected for a short time, so that a long stream is not one
 * command for each token; the first ones are passed on at once.
 *
 * Once the answer is larger than `maxBytes`, no further process joins. Those that follow get it to its end, unless they are more than `maxBytes`
 * behind.
 */
export class RedisFlightLead {
  readonly role = 'lead'
  readonly #options: LeadOptions
  readonly #beganAt = performance.now()
  readonly #events: Publications
  #isSending = false
  #timer: NodeJS.Timeout | undefined
  #sentAt = -Infinity
  /** The command that Redis has not answered. It is sent again as it is, since Redis may have carried it out. */
  #unanswered: Publication | undefined
  #answeredAt = performance.now()
  #hasFollowers = false
  #isOver = false

  constructor(options: LeadOptions) {
    this.#options = options
    this.#events = new Publications(options.maxBytes)
  }

  /** Whether the lock has to be renewed by a command of its own. */
  get needsRenewal(): boolean {
    return !this.#isOver && performance.now() - this.#sentAt >= RENEW_MS - 50
  }

  whole(head: string, text: string, lingerMs: number): void {
    if (Buffer.byteLength(text) > Math.min(MAX_WHOLE_BYTES, this.#options.maxBytes)) {
      // Those that come within the next second do not wait either.
      this.#finish([{ kind: 'too-large', data: '' }], { lockTtlMs: 1_000, state: 'full' })
      return
    }
    const entries = [{ kind: 'head', data: head } as const, { kind: 'text', data: text } as const]
    this.#finish(entries, { lockTtlMs: lingerMs, state: 'done' })
  }

  head(head: string): void {
    this.#events.add([{ kind: 'head', data: head }])
  }

  chunk(bytes: Uint8Array): void {
    if (this.#isOver) return
    const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#events.add([{ kind: 'chunk', data }])
    this.#sendSoon()
  }

  end(lingerMs: number): void {
    const entries = [{ kind: 'end', data: '' } as const]
    if (this.#events.isFull) this.#finish(entries, { lockTtlMs: 0, state: 'full' })
    else this.#finish(entries, { lockTtlMs: lingerMs, state: 'done' })
  }

  fail(failure?: string): void {
    this.#finish([{ kind: 'failed', data: failure ?? '' }], { lockTtlMs: 0, state: '' })
  }

  /** Called with what Redis says of the flight, after each command that concerns it; undefined if Redis has not answered. */
  noteState(state: string | undefined): void {
    const now = performance.now()
    if (state !== undefined) this.#answeredAt = now
    const isUnreachable = now - this.#answeredAt > MAX_UNREACHABLE_MS
    // Those that follow and have missed nothing go on to do so, although Redis has lost the flight.
    if (isUnreachable || now - this.#beganAt > MAX_LEAD_MS || (state === 'lost' && !this.#hasFollowers)) {
      this.#over()
      return
    }
    if (state !== 'followed' || this.#hasFollowers) return
    this.#hasFollowers = true
    if (!this.#isOver && !this.#events.hasEnded) this.#options.onFollowed()
    if (this.#timer === undefined) return
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#sendSoon()
  }

  #finish(entries: readonly FlightEntry[], end: FlightEnd): void {
    if (this.#isOver) return
    this.#events.add(entries, end)
    void this.#send()
  }

  #sendSoon(): void {
    if (this.#isOver || this.#isSending || this.#timer !== undefined) return
    const pauseMs = this.#unanswered ? AGAIN_MS : this.#hasFollowers ? FOLLOWED_MS : ALONE_MS
    const waitMs = this.#events.hasEnded && !this.#unanswered ? 0 : this.#sentAt + pauseMs - performance.now()
    this.#timer = setTimeout(() => void this.#send(), Math.max(0, waitMs))
    this.#timer.unref()
  }

  async #send(): Promise<void> {
    // One command at a time, so that events stay in order. What comes meanwhile is sent with the next one.
    if (this.#isOver || this.#isSending) return
    clearTimeout(this.#timer)
    this.#timer = undefined
    const publication = this.#unanswered ?? this.#events.take()
    if (!publication) return
    this.#isSending = true
    this.#sentAt = performance.now()
    const state = await this.#options.publish(publication)
    this.#isSending = false
    this.#unanswered = state === undefined ? publication : undefined
    this.noteState(state)
    if (state !== undefined && publication.end) this.#over()
    else if (this.#unanswered || !this.#events.isEmpty) this.#sendSoon()
  }

  #over(): void {
    if (this.#isOver) return
    this.#isOver = true
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#unanswered = undefined
    this.#options.onOver()
  }
}
