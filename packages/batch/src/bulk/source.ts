/** What a bulk run may read from. */
export type BulkSource<Item> = Iterable<Item> | AsyncIterable<Item> | ReadableStream<Item>

/** One iterator for every kind of source: what is at hand is given at once, everything else as a promise. */
export interface SourceReader<Item> {
  readonly isSync: boolean
  next(): IteratorResult<Item, unknown> | Promise<IteratorResult<Item, unknown>>
  /** Lets go of the source. Rejects with what that failed with. */
  close(): Promise<void>
}

export function readerOf<Item>(source: BulkSource<Item>): SourceReader<Item> {
  if (Symbol.asyncIterator in source) {
    const iterator = source[Symbol.asyncIterator]()
    return {
      isSync: false,
      next: () => iterator.next(),
      close: async () => {
        await iterator.return?.()
      },
    }
  }
  if (Symbol.iterator in source) {
    const iterator = source[Symbol.iterator]() as Iterator<Item, unknown>
    return {
      isSync: true,
      next: () => iterator.next(),
      close: async () => {
        iterator.return?.()
      },
    }
  }
  // A stream of a browser whose streams cannot be iterated.
  const reader = (source as ReadableStream<Item>).getReader()
  return {
    isSync: false,
    next: () => reader.read(),
    close: async () => {
      await reader.cancel('the rest is not needed')
      reader.releaseLock()
    },
  }
}

/** The length of a source that has one. */
export function lengthOf(source: object): number | undefined {
  if (Array.isArray(source)) return source.length
  return source instanceof Set || source instanceof Map ? source.size : undefined
}
