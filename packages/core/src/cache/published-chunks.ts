import { leave } from '../wire/chunks-of.ts'
import type { FlightLead } from '../options/fleet-flights.ts'

/** The chunks of a stream, each of which is also passed on to the processes that follow this one. */
export class PublishedChunks implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #chunks: AsyncIterator<Uint8Array, unknown>
  readonly #flight: FlightLead
  readonly #lingerMs: () => number

  /** @param lingerMs returns how long the answer may still be joined after its end, in milliseconds */
  constructor(chunks: AsyncIterable<Uint8Array>, flight: FlightLead, lingerMs: () => number) {
    this.#chunks = chunks[Symbol.asyncIterator]()
    this.#flight = flight
    this.#lingerMs = lingerMs
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    try {
      const result = await this.#chunks.next()
      if (result.done === true) {
        this.#flight.end(this.#lingerMs())
        return { done: true, value: undefined }
      }
      this.#flight.chunk(result.value)
      return result
    } catch (error) {
      this.#flight.fail()
      throw error
    }
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#flight.fail()
    return leave(this.#chunks)
  }
}
