import { APIError, OpenAIError } from 'openai'
import { Stream } from 'openai/streaming'
import { HarborResponse, type CollectableReader } from '../call/harbor-response.ts'
import type { ReadEvent } from '../protocols/shared/stream-dialect.ts'
import type { JsonBody } from '../base/json.ts'

/**
 * A stream decoder for the SDK. It returns the SDK's own `Stream`, with the events that Harbor has already parsed to check the answer, so
 * they are not parsed again. The SDK's decoder is used if there are no parsed events, or if the items of the stream are not the plain data
 * of events.
 */
export const ParsedStream: Pick<typeof Stream, 'fromSSEResponse'> = {
  fromSSEResponse<Item>(
    ...given: Parameters<(typeof Stream)['fromSSEResponse']>
  ): ReturnType<typeof Stream.fromSSEResponse<Item>> {
    const [response, controller, client, withNames, mode = 'legacy'] = given
    const reader = response instanceof HarborResponse ? response.events : undefined
    if (!reader || withNames || mode !== 'legacy') return Stream.fromSSEResponse(...given)
    let consumed = false
    const iterate = (): AsyncIterator<Item> => {
      if (consumed)
        throw new OpenAIError('Cannot iterate over a consumed stream, use `.tee()` to split the stream.')
      consumed = true
      return new Items<Item>(reader, response, controller)
    }
    return new Stream<Item>(iterate, controller, client)
  },
}

/**
 * The items of a stream. They are the same as with the SDK's decoder, and the stream throws, aborts and ends in the same way. This is not a
 * generator because a generator needs three microtasks for each item. Here, events that are already read are returned at once.
 */
class Items<Item> implements AsyncIterableIterator<Item, undefined> {
  readonly #reader: CollectableReader
  readonly #response: Response
  readonly #controller: AbortController
  #events: readonly ReadEvent[] = []
  #at = 0
  #isOver = false
  #reading: Promise<unknown> | undefined

  constructor(reader: CollectableReader, response: Response, controller: AbortController) {
    this.#reader = reader
    this.#response = response
    this.#controller = controller
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<Item, undefined>> {
    if (this.#reading) return this.#reading.then(() => this.next())
    const event = this.#events[this.#at]
    if (event?.json && !isError(event)) {
      this.#at++
      return Promise.resolve({ done: false, value: itemOf(event, event.json) as Item })
    }
    const reading = this.#read()
    const done = (): void => (this.#reading = undefined)
    this.#reading = reading.then(done, done)
    return reading
  }

  async return(): Promise<IteratorResult<Item, undefined>> {
    await this.#cancel()
    return { done: true, value: undefined }
  }

  async #read(): Promise<IteratorResult<Item, undefined>> {
    try {
      while (!this.#isOver) {
        const item = this.#nextItem()
        if (item) return { done: false, value: item }
        const piece = await this.#reader.nextPiece()
        if (!piece) break
        this.#events = piece.events
        this.#at = 0
      }
      this.#isOver = true
    } catch (error) {
      await this.#cancel()
      if (!isAbort(error, this.#controller.signal)) throw error
    }
    return { done: true, value: undefined }
  }

  /** Returns the next item of the events read so far; undefined if there is none. @throws APIError for an event with an error */
  #nextItem(): Item | undefined {
    for (const event of this.#events.slice(this.#at)) {
      this.#at++
      const { json } = event
      if (!json) continue
      if (isError(event))
        throw new APIError(undefined, json['error'] ?? json, undefined, this.#response.headers)
      return itemOf(event, json) as Item
    }
    return undefined
  }

  async #cancel(): Promise<void> {
    this.#events = []
    if (this.#isOver) return
    this.#isOver = true
    if (!this.#controller.signal.aborted) this.#controller.abort()
    await this.#reader.return()
  }
}

/** Returns the item of an event. As in the SDK, the item contains the name of the event only for events of a thread. */
function itemOf({ name }: ReadEvent, json: JsonBody): object {
  return name?.startsWith('thread.') ? { event: name, data: json } : json
}

function isError({ name, json }: ReadEvent): boolean {
  if (name?.startsWith('thread.')) return false
  return name === 'error' || Boolean(json?.['error'])
}

/** Whether an error only means that the caller has aborted. The stream then ends without an error. */
function isAbort(error: unknown, { aborted, reason }: AbortSignal): boolean {
  if (error instanceof APIError) return false
  return (error instanceof Error && error.name === 'AbortError') || (aborted && error === reason)
}
