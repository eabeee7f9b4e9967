import { brokenConnection, asError } from './stream-fault.ts'
import type { IdleClock } from './idle-clock.ts'
import type { ChunkSource } from '../wire/chunks-of.ts'

/** What is left behind a proven end is read for this long, so that the connection can be used again. */
const DRAIN_MS = 250

/** The body of a response as a guarded stream reads it: each read is timed, and can be interrupted. */
export class BodySource {
  /** The body ended by itself. Set by the reader that meets the end. */
  hasEnded = false
  readonly chunks: ChunkSource
  readonly #idle: IdleClock
  #interrupt: ((reason: unknown) => void) | undefined

  constructor(chunks: ChunkSource, idle: IdleClock) {
    this.chunks = chunks
    this.#idle = idle
  }

  /** @throws StreamFaultError when the connection breaks, or the reason of an interruption */
  async next(): Promise<IteratorResult<Uint8Array>> {
    this.#idle.waiting()
    try {
      return await new Promise((resolve, reject) => {
        this.#interrupt = reject
        this.chunks.next().then(resolve, (cause: unknown) => {
          reject(brokenConnection(cause))
        })
      })
    } finally {
      this.#interrupt = undefined
      this.#idle.done()
    }
  }

  /** Ends a read that is pending. */
  interrupt(reason: unknown): void {
    this.#interrupt?.(reason)
  }

  /**
   * Reads on to the end of the body, and discards what comes, until `isOver` or for at most 250 ms.
   * @returns what kept the body from ending in order
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

  /** Gives the body up without waiting for it. */
  close(): void {
    void this.chunks.return?.().catch(() => undefined)
  }
}
