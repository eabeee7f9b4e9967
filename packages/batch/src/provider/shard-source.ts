import { DuplicateIdError } from '../bulk/duplicate-id-error.ts'
import { IdIndex } from '../bulk/id-index.ts'
import { RequestTooLargeError } from '../request-too-large-error.ts'
import { BatchStateError } from './batch-state-error.ts'
import { IdsHash } from './ids-hash.ts'
import type { Part } from './ledger.ts'
import type { ProviderBatchRequest, ProviderBatchSettings } from './options.ts'
import { requestLine, RequestLines, type RequestLine } from './request-lines.ts'

export type RequestSource = Iterable<ProviderBatchRequest> | AsyncIterable<ProviderBatchRequest>

/** Is told of a request that is larger than any file. */
type OnTooLarge = (id: string, error: RequestTooLargeError) => void

/** A request, and its place in the source. */
interface ReadLine extends RequestLine {
  index: number
}

/** Reads requests one by one, no further than the file that is being filled. */
export class ShardSource {
  readonly #source: RequestSource
  readonly #settings: ProviderBatchSettings
  #iterator: Iterator<ProviderBatchRequest> | AsyncIterator<ProviderBatchRequest> | undefined
  /** Read, but of the next file. */
  #held: ReadLine | undefined
  #ended = false
  /** Every id, with its place: a second one may be files away from the first. */
  readonly #seen = new IdIndex()
  /** The places of the first and the last request of each part, in the order of parts. */
  readonly #ranges: { first: number; last: number }[] = []
  /** Those that are in no part. */
  readonly #tooLarge = new Set<string>()
  /** How many have been read. */
  read = 0
  /** How many of them were left out, for their ids. */
  skipped = 0

  constructor(source: RequestSource, settings: ProviderBatchSettings) {
    this.#source = source
    this.#settings = settings
  }

  /**
   * The lines of the next file.
   *
   * @returns undefined at the end of the source
   */
  async next(onTooLarge: OnTooLarge): Promise<RequestLines | undefined> {
    const lines = new RequestLines()
    const range = { first: Infinity, last: -1 }
    for (;;) {
      const line = this.#held ?? (await this.#read(onTooLarge))
      this.#held = undefined
      if (!line) break
      if (!lines.hasRoomFor(line, this.#settings)) {
        this.#held = line
        break
      }
      lines.add(line)
      spread(range, line)
    }
    if (lines.count === 0) return undefined
    this.#ranges.push(range)
    return lines
  }

  /** Whether a request is in the nth part of this source, from 1. */
  isIn(part: number, id: string): boolean {
    const range = this.#ranges[part - 1]
    const index = this.#seen.get(id)
    if (!range || index === undefined || this.#tooLarge.has(id)) return false
    return index >= range.first && index <= range.last
  }

  /**
   * Reads what an earlier process has put into a part.
   *
   * @returns its lines, if they have not been uploaded
   * @throws BatchStateError if these are other requests
   */
  async again(
    { part, count, idsHash, fileId }: Part,
    onTooLarge: OnTooLarge,
  ): Promise<RequestLines | undefined> {
    const lines = fileId === undefined ? new RequestLines() : undefined
    const hash = new IdsHash()
    const range = { first: Infinity, last: -1 }
    for (let read = 0; read < count; read++) {
      const line = await this.#read(onTooLarge)
      if (!line)
        throw new BatchStateError(
          `part ${part} of the state has ${count} requests, the source has only ${read} of them`,
        )
      hash.add(line.id)
      lines?.add(line)
      spread(range, line)
    }
    this.#ranges.push(range)
    if (hash.toString() !== idsHash)
      throw new BatchStateError(`part ${part} of the state has other requests than the source`)
    return lines
  }

  async close(): Promise<void> {
    if (!this.#ended) await this.#iterator?.return?.()
    this.#ended = true
  }

  async #read(onTooLarge: OnTooLarge): Promise<ReadLine | undefined> {
    this.#iterator ??= iteratorOf(this.#source)
    while (!this.#ended) {
      const next = await this.#iterator.next()
      if (next.done) {
        this.#ended = true
        break
      }
      const index = this.read++
      const line = requestLine(next.value, this.#settings)
      const { maxBytes, onDuplicateId } = this.#settings
      const firstIndex = this.#seen.add(line.id, index)
      if (firstIndex !== undefined) {
        if (onDuplicateId === 'error') throw new DuplicateIdError(line.id, firstIndex, index)
        this.skipped++
        continue
      }
      if (line.line.length <= maxBytes) return { ...line, index }
      this.#tooLarge.add(line.id)
      onTooLarge(line.id, new RequestTooLargeError('maxBytes', maxBytes, line.line.length))
    }
    return undefined
  }
}

function spread(range: { first: number; last: number }, { index }: ReadLine): void {
  range.first = Math.min(range.first, index)
  range.last = Math.max(range.last, index)
}

function iteratorOf(
  source: RequestSource,
): Iterator<ProviderBatchRequest> | AsyncIterator<ProviderBatchRequest> {
  return Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]()
}
