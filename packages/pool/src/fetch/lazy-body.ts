import { Readable } from 'node:stream'
import type { WholeReader } from './incoming-body.ts'
import { IteratorStream } from './iterator-stream.ts'

/** A body as an iterator of chunks of bytes. `return()` stops early and releases the connection. */
export interface BodyChunks extends AsyncIterableIterator<Uint8Array> {
  /**
   * Returns a chunk that has already arrived, without a promise. Returns undefined if no chunk has arrived, or the body has ended. Missing
   * if the body cannot be read without a promise.
   */
  take?(): Uint8Array | undefined
}

/** A body: text, an iterable of chunks of bytes, or null for none. */
export type BodyContent = string | AsyncIterable<Uint8Array> | null

/** A body in its original form. It is converted to a stream, text or bytes only on demand, and can be read once. */
export class LazyBody {
  readonly #content: BodyContent
  #stream: ReadableStream<Uint8Array> | undefined
  #taken = false

  constructor(content: BodyContent) {
    this.#content = content
    if (content instanceof ReadableStream) this.#stream = content as ReadableStream<Uint8Array>
  }

  get used(): boolean {
    if (this.#content === null) return false
    return (
      this.#taken || (this.#stream !== undefined && Readable.isDisturbed(this.#stream as unknown as Readable))
    )
  }

  /** A genuine ReadableStream, created on first access. If the body was already read in another way, the stream is locked. */
  get stream(): ReadableStream<Uint8Array> | null {
    if (this.#content === null) return null
    this.#stream ??= new IteratorStream(this.#taken ? chunksOf('') : chunksOf(this.#content))
    if (this.#taken && !this.#stream.locked) this.#stream.getReader()
    return this.#stream
  }

  async text(): Promise<string> {
    if (typeof this.#content === 'string') {
      this.#take()
      return this.#content.codePointAt(0) === BYTE_ORDER_MARK ? this.#content.slice(1) : this.#content
    }
    return decodeText(await this.#readAll())
  }

  /** Reads the body as bytes, in a new buffer that the caller may transfer or overwrite. */
  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    const chunks = await this.#readAll()
    const bytes = new Uint8Array(chunks.reduce((length, chunk) => length + chunk.length, 0))
    let offset = 0
    for (const chunk of chunks) {
      bytes.set(chunk, offset)
      offset += chunk.length
    }
    return bytes
  }

  /** Reads the body chunk by chunk, directly from its source, without a stream. */
  chunks(): BodyChunks {
    const iterator = this.#take()
    const source = iterator as Pick<BodyChunks, 'take'>
    return {
      ...(source.take && { take: source.take.bind(iterator) }),
      next: () => iterator.next() as Promise<IteratorResult<Uint8Array>>,
      return: async () => {
        await iterator.return?.()
        return { done: true, value: undefined }
      },
      [Symbol.asyncIterator]() {
        return this
      },
    }
  }

  /** Returns a copy of the content, for a second body. Both this body and the second one can be read. */
  clone(): BodyContent {
    if (this.used || this.#stream?.locked === true)
      throw new TypeError('Response.clone: Body has already been consumed.')
    if (typeof this.#content === 'string' || this.#content === null) return this.#content
    const [own, copy] = (this.stream as ReadableStream<Uint8Array>).tee()
    this.#stream = own
    return copy
  }

  async #readAll(): Promise<Uint8Array[]> {
    if (this.#content === null) return []
    const content = this.#content
    const source = this.#take()
    if (!this.#stream && isWholeReader(content)) return content.readAll()
    const chunks: Uint8Array[] = []
    for (;;) {
      const result = await source.next()
      if (result.done === true) return chunks
      chunks.push(result.value)
    }
  }

  #take(): AsyncIterator<Uint8Array, unknown> {
    if (this.#content === null) return chunksOf('')
    if (this.used || this.#stream?.locked === true)
      throw new TypeError('Body is unusable: Body has already been read')
    this.#taken = true
    return this.#stream ? this.#stream.values() : chunksOf(this.#content)
  }
}

const BYTE_ORDER_MARK = 0xfeff

function decodeText(chunks: readonly Uint8Array[]): string {
  const [first] = chunks
  if (!first) return ''
  const whole = chunks.length === 1 ? first : Buffer.concat(chunks)
  const start = whole[0] === 0xef && whole[1] === 0xbb && whole[2] === 0xbf ? 3 : 0
  return Buffer.from(whole.buffer, whole.byteOffset, whole.length).toString('utf8', start)
}

function chunksOf(content: string | AsyncIterable<Uint8Array>): AsyncIterator<Uint8Array, unknown> {
  if (typeof content !== 'string') return content[Symbol.asyncIterator]()
  let rest: Uint8Array | undefined = content === '' ? undefined : Buffer.from(content)
  return {
    next: async () => {
      const value = rest
      rest = undefined
      return value ? { done: false, value } : { done: true, value: undefined }
    },
  }
}

function isWholeReader(content: object | string): content is AsyncIterable<Uint8Array> & WholeReader {
  return typeof content === 'object' && 'readAll' in content
}
