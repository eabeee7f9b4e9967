import type { Feed } from '../feed/feed.ts'

/** The minimum time between two messages, in milliseconds. */
const MIN_INTERVAL_MS = 200
/** The time after which a message is sent even if no call has changed, in milliseconds: limits and circuits change by themselves. */
const REFRESH_MS = 1_000
/** How long a message may stay unread before the connection is closed, in milliseconds. The browser then connects again. */
const MAX_UNREAD_MS = 30_000

/** One connection of a page. */
export interface Sink {
  /** Sends a text. @returns false if the connection buffers it; `PageStream.drained()` is called when it has been sent */
  write(text: string): boolean
  end(): void
  /** Closes the connection without sending what it buffers. */
  destroy(): void
}

/**
 * Sends messages to one page as server-sent events. At most one message is buffered: while the reader is slow no other one is made, and the
 * next one has all that has changed since.
 */
export class PageStream {
  readonly #feed: Feed
  readonly #sink: Sink
  readonly #removeListener: () => void
  #version: number
  #isBlocked = false
  /** Whether there is something to send that no message has had yet. */
  #hasMore = false
  #isClosed = false
  #timer: NodeJS.Timeout | undefined
  #timerAt = Infinity
  #sentAt = -Infinity

  /** @param lastEventId the id of the last event that the browser has got, if it connects again */
  constructor(feed: Feed, sink: Sink, lastEventId: string | undefined) {
    this.#feed = feed
    this.#sink = sink
    this.#version = versionOf(lastEventId, feed.instance)
    this.#removeListener = feed.onChange(() => this.#onChange())
    this.#send()
  }

  drained(): void {
    if (!this.#isBlocked || this.#isClosed) return
    this.#isBlocked = false
    this.#startTimer(REFRESH_MS, this.#send)
    if (this.#hasMore) this.#sendWithin(0)
  }

  /** Ends the stream. @param word the name of a last event that says why, for a page that should not connect again */
  close(word?: 'closed' | 'replaced'): void {
    if (this.#isClosed) return
    // What has changed since the last message would be lost otherwise.
    if (word && !this.#isBlocked) this.#send()
    this.#isClosed = true
    this.#stopTimer()
    this.#removeListener()
    if (word) this.#sink.write(`event: ${word}\ndata: {}\n\n`)
    this.#sink.end()
  }

  readonly #send = (): void => {
    this.#stopTimer()
    const text = this.#nextMessage()
    if (text === undefined) this.#giveUp()
    else if (this.#sink.write(text)) this.#startTimer(this.#hasMore ? 0 : REFRESH_MS, this.#send)
    else {
      this.#isBlocked = true
      this.#startTimer(MAX_UNREAD_MS, () => this.#giveUp())
    }
  }

  /** Makes the next message. @returns undefined if a client does not report its statistics */
  #nextMessage(): string | undefined {
    try {
      const { message, version, hasMore } = this.#feed.messageSince(this.#version)
      this.#version = version
      this.#hasMore = hasMore
      this.#sentAt = performance.now()
      return `id: ${this.#feed.instance}-${version}\ndata: ${JSON.stringify(message)}\n\n`
    } catch {
      return undefined
    }
  }

  /** Closes the connection. The page says so, and connects again. */
  #giveUp(): void {
    this.close()
    this.#sink.destroy()
  }

  #onChange(): void {
    this.#hasMore = true
    if (!this.#isBlocked && !this.#isClosed) this.#sendWithin(MIN_INTERVAL_MS)
  }

  /** Sends the next message when `ms` milliseconds have passed since the last one. */
  #sendWithin(ms: number): void {
    const now = performance.now()
    // Events that arrive together are sent together.
    const at = Math.max(now + 10, this.#sentAt + ms)
    if (at < this.#timerAt) this.#startTimer(at - now, this.#send)
  }

  #startTimer(ms: number, run: () => void): void {
    clearTimeout(this.#timer)
    this.#timerAt = performance.now() + ms
    this.#timer = setTimeout(run, ms)
    this.#timer.unref()
  }

  #stopTimer(): void {
    clearTimeout(this.#timer)
    this.#timerAt = Infinity
  }
}

/** Returns the version after which the messages go on: 0 for a browser that has got none from this instance. */
function versionOf(id: string | undefined, instance: string): number {
  const [of, version] = id?.split('-') ?? []
  return of === instance && /^\d{1,15}$/.test(version ?? '') ? Number(version) : 0
}
