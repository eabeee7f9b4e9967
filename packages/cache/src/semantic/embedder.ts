import { boundedWork } from './bounded-work.ts'
import type { SemanticSettings } from './options.ts'
import { unitVector } from './unit-vector.ts'

type EmbedderSettings = Pick<SemanticSettings<never>, 'embed' | 'embedTimeoutMs' | 'onError' | 'clock'>

/**
 * Gets the vectors of texts. Concurrent lookups of one text share a call. An embedder that hangs or fails costs a lookup at most
 * `embedTimeoutMs`, and after three failures in a row nothing for ten seconds; then one call probes it.
 */
export class Embedder {
  failures = 0
  readonly #settings: EmbedderSettings
  readonly #inFlight = new Map<string, Promise<Float32Array | undefined>>()
  readonly #closed = new AbortController()
  readonly #onNewLength: () => void
  #length: number | undefined
  #othersInRow = 0
  #failuresInRow = 0
  #coolingUntil = -Infinity

  /** @param onNewLength called when the vectors have another length from now on */
  constructor(settings: EmbedderSettings, onNewLength: () => void) {
    this.#settings = settings
    this.#onNewLength = onNewLength
  }

  /** Returns the vector of a text, of length 1; undefined if there is none. Never rejects. */
  vectorOf(text: string): Promise<Float32Array | undefined> {
    const present = this.#inFlight.get(text)
    if (present) return present
    if (this.#inFlight.size >= MAX_IN_FLIGHT || this.#isCoolingDown()) return NO_VECTOR
    const flight = this.#embed(text).finally(() => this.#inFlight.delete(text))
    this.#inFlight.set(text, flight)
    return flight
  }

  /** Aborts the calls in flight. */
  close(reason: unknown): void {
    this.#closed.abort(reason)
  }

  async #embed(text: string): Promise<Float32Array | undefined> {
    const { embed, embedTimeoutMs: ms, onError } = this.#settings
    const closed = this.#closed.signal
    try {
      const numbers = await boundedWork({ ms, what: 'embed', closed }, (signal) => embed(text, { signal }))
      const vector = unitVector(numbers)
      this.#checkLength(vector.length)
      this.#failuresInRow = 0
      return vector
    } catch (error) {
      if (closed.aborted) return undefined
      this.#noteFailure()
      onError(error)
      return undefined
    }
  }

  /**
   * Refuses a vector of another length than before, such as that of another model. When several in a row are refused, the model has changed: what is
   * stored cannot be compared any more, and the new length is accepted.
   */
  #checkLength(length: number): void {
    const before = this.#length
    this.#othersInRow = before === undefined || before === length ? 0 : this.#othersInRow + 1
    if (this.#othersInRow > 0 && this.#othersInRow < MAX_FAILURES_IN_ROW)
      throw new TypeError(`embed must return ${before ?? length} numbers, as before, got ${length}`)
    if (this.#othersInRow > 0) this.#onNewLength()
    this.#othersInRow = 0
    this.#length = length
  }

  #noteFailure(): void {
    this.failures++
    this.#failuresInRow++
    if (this.#failuresInRow >= MAX_FAILURES_IN_ROW)
      this.#coolingUntil = this.#settings.clock.now() + COOLDOWN_MS
  }

  /** After the cooldown, the calls that are in flight at the same time as the probe are not sent. */
  #isCoolingDown(): boolean {
    if (this.#failuresInRow < MAX_FAILURES_IN_ROW) return false
    return this.#inFlight.size > 0 || this.#settings.clock.now() < this.#coolingUntil
  }
}

const NO_VECTOR = Promise.resolve(undefined)
/** The maximum number of texts whose vectors are awaited at the same time. The lookup of another one is a miss. */
const MAX_IN_FLIGHT = 256
const MAX_FAILURES_IN_ROW = 3
const COOLDOWN_MS = 10_000
