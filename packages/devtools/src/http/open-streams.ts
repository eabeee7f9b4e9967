import type { Feed } from '../feed/feed.ts'
import { PageStream, type Sink } from './page-stream.ts'

/** The maximum number of pages that are connected. A further one replaces the oldest: browsers open at most six connections to one server. */
const MAX_PAGES = 5

/** The connections of all open pages. */
export class OpenStreams {
  readonly #feed: Feed
  readonly #streams = new Set<PageStream>()

  constructor(feed: Feed) {
    this.#feed = feed
  }

  /** @param lastEventId the id of the last event that the browser has got, if it connects again */
  open(sink: Sink, lastEventId: string | undefined): PageStream {
    if (this.#streams.size >= MAX_PAGES) {
      const [oldest] = this.#streams
      oldest?.close('replaced')
      if (oldest) this.#streams.delete(oldest)
    }
    const stream = new PageStream(this.#feed, sink, lastEventId)
    this.#streams.add(stream)
    return stream
  }

  /** Removes a stream whose connection is closed. */
  remove(stream: PageStream): void {
    stream.close()
    this.#streams.delete(stream)
  }

  closeAll(): void {
    this.#feed.expireFacts()
    for (const stream of this.#streams) stream.close('closed')
    this.#streams.clear()
  }
}
