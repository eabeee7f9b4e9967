import type { HeldBytes, Hold } from '../wire/held-bytes.ts'
import { tooLarge } from './stream-fault.ts'

/** The maximum total size of the comments, pings and empty events that are buffered before the first content, in bytes. */
const MAX_IDLE_BYTES = 64 * 1024
/** The number of bytes that each stream may hold without being counted against the limit for all streams of the client. */
const FREE_BYTES = 1024 * 1024

/**
 * Limits the bytes that one stream holds in memory. One limit applies to this stream, and another one to all streams of the client
 * together. Before its first content, a stream holds everything that it received; later, it holds only an event that is not complete yet.
 */
export class HeldRoom {
  readonly #held: HeldBytes
  readonly #maxBytes: number
  #idleBytes = 0
  #hold: Hold | undefined

  constructor(held: HeldBytes, maxBytes: number) {
    this.#held = held
    this.#maxBytes = maxBytes
  }

  /**
   * Counts a comment, ping or empty event, and returns whether it may be held. Without a limit, a server could fill the memory with them.
   */
  keepsIdle(bytes: number): boolean {
    this.#idleBytes += bytes
    return this.#idleBytes <= MAX_IDLE_BYTES
  }

  /**
   * Reserves memory for all bytes that the stream holds now.
   * @returns undefined if the memory is reserved now, otherwise a promise that resolves when it is
   * @throws StreamFaultError if one stream may not hold that many bytes
   */
  reserve(bytes: number, isBeforeContent: boolean): Promise<void> | undefined {
    if (bytes <= FREE_BYTES) {
      this.close()
      return undefined
    }
    if (bytes > this.#maxBytes) throw tooLarge(isBeforeContent, this.#maxBytes)
    this.#hold ??= this.#held.open(this.#maxBytes)
    return this.#hold.reserve(bytes)
  }

  close(): void {
    this.#hold?.close()
    this.#hold = undefined
  }
}
