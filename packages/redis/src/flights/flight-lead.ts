import { KEEP_MS, LOCK_TTL_MS, RENEW_MS } from './flight-keys.ts'
import { EventSizes, mergedChunks, type FlightEntry, type Publication } from './publication.ts'

/** How often the bytes of a stream are passed on while other processes follow it, in milliseconds. */
const FOLLOWED_MS = 20
/** How often they are passed on while no process follows. */
const ALONE_MS = 250
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
  #waiting: FlightEntry[] = []
  readonly #sizes: EventSizes
  #bytes = 0
  #isFull = false
  #next = 1
  #isSending = false
  #timer: NodeJS.Timeout | undefined
  #sentAt = -Infinity
  #hasFollowers = false
  #last: Pick<Publication, 'lockTtlMs' | 'state'> | undefined
  #isOver = false

  constructor(options: LeadOptions) {
    this.#options = options
    this.#sizes = new EventSizes(options.maxBytes)
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
    this.#add({ kind: 'head', data: head })
  }

  chunk(bytes: Uint8Array): void {
    this.#add({ kind: 'chunk', data: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) })
    this.#sendSoon()
  }

  end(lingerMs: number): void {
    this.#finish([{ kind: 'end', data: '' }], {
      lockTtlMs: this.#isFull ? 0 : lingerMs,
      state: this.#isFull ? 'full' : 'done',
    })
  }

  fail(failure?: string): void {
    this.#finish([{ kind: 'failed', data: failure ?? '' }], { lockTtlMs: 0, state: '' })
  }

  /** Called with what Redis says of the flight, after each command that concerns it. */
  noteState(state: string | undefined): void {
    if (state === undefined || state === 'lost') {
      // The others have noticed, or will when the lock has expired. They make the call again.
      this.#over()
      return
    }
    if (performance.now() - this.#beganAt > MAX_LEAD_MS) this.#over()
    if (state !== 'followed' || this.#hasFollowers) return
    this.#hasFollowers = true
    if (!this.#isOver && !this.#last) this.#options.onFollowed()
    if (this.#timer === undefined) return
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#sendSoon()
  }

  #add(entry: FlightEntry): void {
    if (this.#isOver || this.#last) return
    this.#waiting.push(entry)
    this.#bytes += entry.data.length
    if (this.#bytes > this.#options.maxBytes) this.#isFull = true
  }

  #finish(entries: readonly FlightEntry[], last: Pick<Publication, 'lockTtlMs' | 'state'>): void {
    if (this.#isOver || this.#last) return
    this.#waiting.push(...entries)
    this.#last = last
    void this.#send()
  }

  #sendSoon(): void {
    if (this.#isOver || this.#isSending || this.#timer !== undefined) return
    const pauseMs = this.#hasFollowers ? FOLLOWED_MS : ALONE_MS
    const waitMs = Math.max(0, this.#sentAt + pauseMs - performance.now())
    this.#timer = setTimeout(() => void this.#send(), waitMs)
    this.#timer.unref()
  }

  async #send(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    // One command at a time, so that events stay in order. What comes meanwhile is sent with the next one.
    if (this.#isOver || this.#isSending || this.#waiting.length === 0) return
    this.#isSending = true
    const entries = mergedChunks(this.#waiting)
    this.#waiting = []
    const last = this.#last
    const first = this.#next
    this.#next += entries.length
    this.#sentAt = performance.now()
    const state = await this.#options.publish({
      lockTtlMs: last ? last.lockTtlMs : LOCK_TTL_MS,
      streamTtlMs: last ? KEEP_MS : LOCK_TTL_MS,
      state: last ? last.state : this.#isFull ? 'full' : '',
      maxEvents: this.#sizes.add(entries, this.#isFull),
      first,
      entries,
    })
    this.#isSending = false
    this.noteState(state)
    if (last) this.#over()
    else if (this.#last) void this.#send()
    else if (this.#waiting.length > 0) this.#sendSoon()
  }

  #over(): void {
    if (this.#isOver) return
    this.#isOver = true
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#waiting = []
    this.#options.onOver()
  }
}
