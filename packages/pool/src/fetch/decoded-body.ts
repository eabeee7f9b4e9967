import type { Transform } from 'node:stream'
import zlib from 'node:zlib'

type Chunks = AsyncIterator<Uint8Array, unknown>
type Result = IteratorResult<Uint8Array, undefined>

/**
 * Decodes a body while it is read, as its `content-encoding` header requires. If an encoding is unknown, the body is not decoded.
 *
 * @param explain converts an error of the decoder into the error with which reading fails
 */
export function decodeBody(
  body: Encoded,
  contentEncoding: string | undefined,
  explain: (error: unknown) => Error,
): AsyncIterable<Uint8Array> {
  if (contentEncoding === undefined) return body
  const names = contentEncoding.split(',').map((name) => name.trim().toLowerCase())
  const encodings = names.filter((name) => name !== 'identity' && name !== '')
  if (encodings.length > MAX_ENCODINGS || !encodings.every((name) => DECODERS.has(name))) return body
  const decoded = encodings.reduceRight<AsyncIterable<Uint8Array>>((inner, encoding) => {
    const makeDecoder = DECODERS.get(encoding)
    return makeDecoder ? new DecodedBody(inner[Symbol.asyncIterator](), makeDecoder, explain) : inner
  }, body)
  if (decoded instanceof DecodedBody) body.onAbort = (reason) => decoded.abort(reason)
  return decoded
}

/** An encoded body. It calls `onAbort` with the reason when the caller aborts. */
interface Encoded extends AsyncIterable<Uint8Array> {
  onAbort?: ((reason: unknown) => void) | undefined
}

/**
 * The maximum number of encodings that are decoded for one body. A body with more is passed on undecoded: it is probably an attack,
 * since each encoding multiplies the size.
 */
const MAX_ENCODINGS = 5

// An encoding that ends early is not an error if the HTTP framing of the body is complete, as in browsers.
const LENIENT = { flush: zlib.constants.Z_SYNC_FLUSH, finishFlush: zlib.constants.Z_SYNC_FLUSH }
const LENIENT_BROTLI = {
  flush: zlib.constants.BROTLI_OPERATION_FLUSH,
  finishFlush: zlib.constants.BROTLI_OPERATION_FLUSH,
}

const DECODERS = new Map<string, (firstChunk: Uint8Array) => Transform>([
  ['gzip', () => zlib.createGunzip(LENIENT)],
  ['x-gzip', () => zlib.createGunzip(LENIENT)],
  [
    'deflate',
    ([first = 0]) => (isZlibHeader(first) ? zlib.createInflate(LENIENT) : zlib.createInflateRaw(LENIENT)),
  ],
  ['br', () => zlib.createBrotliDecompress(LENIENT_BROTLI)],
  ['zstd', () => zlib.createZstdDecompress()],
])

/** Whether a `deflate` body begins with a zlib header, as the standard requires. Some servers send raw deflate data instead. */
function isZlibHeader(firstByte: number): boolean {
  return (firstByte & 0x0f) === 0x08
}

/** A body that is decoded while it is read. Decoding starts at the first read, and reads no more of the encoded body than needed. */
class DecodedBody implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #source: Chunks
  readonly #makeDecoder: (firstChunk: Uint8Array) => Transform
  readonly #explain: (error: unknown) => Error
  #decoder: Transform | undefined
  #output: Promise<Chunks | undefined> | undefined
  #sourceFailure: { error: unknown } | undefined
  #cancelled = false

  constructor(
    source: Chunks,
    makeDecoder: (firstChunk: Uint8Array) => Transform,
    explain: (error: unknown) => Error,
  ) {
    this.#source = source
    this.#makeDecoder = makeDecoder
    this.#explain = explain
  }

  async next(): Promise<Result> {
    this.#output ??= this.#start()
    const output = await this.#output
    if (!output) return { done: true, value: undefined }
    try {
      return (await output.next()) as Result
    } catch (error) {
      if (this.#cancelled) return { done: true, value: undefined }
      if (this.#sourceFailure) throw this.#sourceFailure.error
      await this.#source.return?.()
      throw this.#explain(error)
    }
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    this.#cancelled = true
    this.#decoder?.destroy()
    await this.#source.return?.()
    return { done: true, value: undefined }
  }

  /** Makes reads reject with the reason at once. The decoder may be at work in another thread, which may take long: its result is not awaited. */
  abort(reason: unknown): void {
    this.#sourceFailure ??= { error: reason }
    this.#decoder?.destroy(new Error('The caller aborted'))
    void this.#source.return?.()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async #start(): Promise<Chunks | undefined> {
    const first = await this.#source.next()
    if (first.done === true || this.#cancelled) return undefined
    const decoder = this.#makeDecoder(first.value)
    this.#decoder = decoder
    // Reads get its errors. It may fail before the first of them.
    decoder.on('error', () => undefined)
    void this.#feed(decoder, first.value)
    return decoder[Symbol.asyncIterator]() as Chunks
  }

  async #feed(decoder: Transform, first: Uint8Array): Promise<void> {
    try {
      await write(decoder, first)
      while (!decoder.destroyed) {
        const result = await this.#source.next()
        if (result.done === true) return void decoder.end()
        await write(decoder, result.value)
      }
    } catch (error) {
      this.#sourceFailure = { error }
      decoder.destroy(new Error('The source failed'))
    }
  }
}

/** Writes a chunk into the decoder. Resolves when the decoder can accept the next chunk, which requires that its output is read. */
function write(decoder: Transform, chunk: Uint8Array): Promise<void> {
  return new Promise((resolve) => decoder.write(chunk, () => resolve()))
}
