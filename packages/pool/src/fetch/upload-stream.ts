/** A streamed request body, which cannot be sent twice. */
export class UploadStream implements AsyncIterable<Uint8Array> {
  readonly #next: () => Promise<IteratorResult<Uint8Array, unknown>>
  readonly #stop: (reason: unknown) => Promise<unknown>

  constructor(source: AsyncIterable<Uint8Array>) {
    if (isWebStream(source)) {
      const reader = source.getReader()
      this.#next = () => reader.read()
      this.#stop = (reason) => reader.cancel(reason)
    } else {
      const iterator = source[Symbol.asyncIterator]()
      this.#next = () => iterator.next()
      this.#stop = async () => iterator.return?.()
    }
  }

  /** Cancels the source of the stream. Called when the request is over, even if the source has already ended. */
  cancel(reason: unknown): void {
    this.#stop(reason).catch(() => undefined)
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, unknown> {
    return { next: this.#next, return: async () => ({ done: true, value: await this.#stop(undefined) }) }
  }
}

interface WebStream {
  getReader(): {
    read(): Promise<IteratorResult<Uint8Array, unknown>>
    cancel(reason: unknown): Promise<unknown>
  }
}

function isWebStream(source: object): source is WebStream {
  return 'getReader' in source
}
