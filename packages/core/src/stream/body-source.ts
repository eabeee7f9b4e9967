import { StreamFaultError } from '../base/errors.ts'
import { brokenConnection, asError } from './stream-fault.ts'
import type { IdleClock } from './idle-clock.ts'
import type { ChunkSource } from '../wire/chunks-of.ts'

/**
 * How long the rest of a body is read after the answer is proven complete, in milliseconds. It is read because a connection can be used
 * again only after its body has ended.
 */
const DRAIN_MS = 250

/** The body of a response, as a guarded stream reads it. Each read is timed by the idle clock, and can be interrupted. */
export class BodySource {
  /** Whether a read has returned the end of the body. Code that calls `next()` sets it. */
  hasEnded = false
  readonly chunks: ChunkSource
  readonly #idle: IdleClock
  #interrupt: ((reason: unknown) => void) | undefined

  constructor(chunks: ChunkSource, idle: IdleClock) {
    this.chunks = chunks
    this.#idle = idle
  }

  /** Reads the next chunk. @throws StreamFaultError when the connection breaks, or the reason that was passed to `interrupt` */
  async next(): Promise<IteratorResult<Uint8Array>> {
    this.#idle.waiting()
    try {
      return await new Promise((resolve, reject) => {
        this.#interrupt = reject
        this.chunks.next().then(resolve, (cause: unknown) => {
          reject(StreamFaultError.is(cause) ? cause : brokenConnection(cause))
        })
      })
    } finally {
      this.#interrupt = undefined
      this.#idle.done()
    }
  }

  /** Makes the pending read reject with this reason, if a read is pending. */
  interrupt(reason: unknown): void {
    this.#interrupt?.(reason)
  }

  /**
   * Reads the rest of the body and discards it, until the body ends, `isOver` returns true, or 250 ms have passed.
   * @returns the error that ended the reading, such as the end of the 250 ms; undefined if there was none
   */
  async drain(isOver: () => boolean): Promise<Error | undefined> {
    const timer = setTimeout(() => {
      this.interrupt(new Error('The provider kept its stream open after its end.'))
    }, DRAIN_MS)
    timer.unref()
    try {
      while (!this.hasEnded && !isOver()) this.hasEnded = (await this.next()).done === true
    } catch (error) {
      return asError(error)
    } finally {
      clearTimeout(timer)
    }
    return undefined
  }

  /** Cancels the body without waiting. */
  close(): void {
    void this.chunks.return?.().catch(() => undefined)
  }
}
