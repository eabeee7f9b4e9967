import type { HeldBytes, Hold } from '../wire/held-bytes.ts'
import { tooLarge } from './stream-fault.ts'

/** The most comments, pings and empty events that are held before the first content, in bytes. */
const MAX_IDLE_BYTES = 64 * 1024
/** A stream that holds less does not count against the limit that it shares with others. */
const FREE_BYTES = 1024 * 1024

/**
 * Bounds what one stream holds, by itself and together with all that its client reads: what came before its first content, and an
 * event that is not whole yet.
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

  /** Whether an event that only shows that the server is alive is still held: they may come without end. */
  keepsIdle(bytes: number): boolean {
    this.#idleBytes += bytes
    return this.#idleBytes <= MAX_IDLE_BYTES
  }

  /**
   * Makes room for all that the stream holds now. Undefined when there is room at once.
   * @throws StreamFaultError when it is more than one stream may hold
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
