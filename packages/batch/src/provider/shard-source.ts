import { describeValue } from '@harbor/parts'
import { DuplicateIdError } from '../bulk/errors.ts'
import { IdIndex } from '../ids/id-index.ts'
import { RequestTooLargeError } from '../errors.ts'
import { BatchStateError } from './errors.ts'
import { IdsHash } from '../ids/ids-hash.ts'
import type { BatchPart } from './state/ledger.ts'
import type { ProviderBatchRequest } from './contracts.ts'
import type { RunSettings } from './run-settings.ts'
import type { BatchVendor } from './vendor.ts'
import { requestLine, RequestLines, type RequestLine } from './request-lines.ts'

/** The requests of a run, one by one: an array, a generator, or any other iterable. */
export type RequestSource = Iterable<ProviderBatchRequest> | AsyncIterable<ProviderBatchRequest>

/** Called with the id of a request that is larger than `maxBytes`, the maximum size of a file. */
type OnTooLarge = (id: string, error: RequestTooLargeError) => void

/** A request, and its position in the source, counted from 0. */
interface ReadLine extends RequestLine {
  index: number
}

/** Reads requests from the source, one by one, and groups them into files. Reads only as far as necessary to fill the next file. */
export class ShardSource {
  readonly #source: RequestSource
  readonly #settings: RunSettings
  readonly #vendor: Pick<BatchVendor, 'encode' | 'holdsRequests'>
  #iterator: Iterator<ProviderBatchRequest> | AsyncIterator<ProviderBatchRequest> | undefined
  /** A request that was already read, but did not fit into the file. It begins the next file. */
  #held: ReadLine | undefined
  #ended = false
  /** The position of the first request with each id, to recognise duplicates. A duplicate may come several files later. */
  readonly #seen = new IdIndex()
  /** The positions of the first and last request of each part, in the order of parts. */
  readonly #ranges: { first: number; last: number }[] = []
  /** The ids of requests that are in no part, because they are larger than `maxBytes`. */
  readonly #tooLarge = new Set<string>()
  /** The number of requests read from the source. */
  read = 0
  /** The number of requests that were left out as duplicates. */
  skipped = 0

  constructor(
    source: RequestSource,
    settings: RunSettings,
    vendor: Pick<BatchVendor, 'encode' | 'holdsRequests'>,
  ) {
    this.#source = source
    this.#vendor = vendor
    this.#settings = settings
  }

  /**
   * Reads the requests of the next file.
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
      extend(range, line)
    }
    if (lines.count === 0) return undefined
    this.#ranges.push(range)
    return lines
  }

  /** Whether the request with this id is in the part with this number, counted from 1. */
  isIn(part: number, id: string): boolean {
    const range = this.#ranges[part - 1]
    const index = this.#seen.get(id)
    if (!range || index === undefined || this.#tooLarge.has(id)) return false
    return index >= range.first && index <= range.last
  }

  /**
   * Reads the requests of a part that an earlier process has created, to check that they are the same.
   *
   * @returns the lines of the part; undefined if the provider has stored them already
   * @throws BatchStateError if the source yields other requests than for the earlier process
   */
  async readAgain(
    { part, count, idsHash, fileId }: BatchPart,
    onTooLarge: OnTooLarge,
  ): Promise<RequestLines | undefined> {
    const lines = fileId === undefined || this.#vendor.holdsRequests ? new RequestLines() : undefined
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
      extend(range, line)
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
      const line = requestLine(next.value, index, this.#vendor, this.#settings)
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

/** @throws TypeError if `requests` cannot be iterated */
export function assertIterable(requests: unknown): void {
  if (
    typeof requests !== 'object' ||
    requests === null ||
    !(Symbol.iterator in requests || Symbol.asyncIterator in requests)
  )
    throw new TypeError(`requests must be iterable, got ${describeValue(requests)}`)
}

function extend(range: { first: number; last: number }, { index }: ReadLine): void {
  range.first = Math.min(range.first, index)
  range.last = Math.max(range.last, index)
}

function iteratorOf(
  source: RequestSource,
): Iterator<ProviderBatchRequest> | AsyncIterator<ProviderBatchRequest> {
  return Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]()
}
