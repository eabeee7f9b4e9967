// Types only: importing the module would load all kinds of web streams, and the one needed here is a global.
import type { ReadableStreamDefaultController, ReadableStreamDefaultReader } from 'node:stream/web'

type Result = IteratorResult<Uint8Array, undefined>
type Controller = ReadableStreamDefaultController<Uint8Array>

/**
 * The property from which Node's streams and fetch learn whether a stream was read. IteratorStream defines it, because DirectReader does
 * not set the stream's own flag.
 */
const DISTURBED: unique symbol = Symbol.for('nodejs.stream.disturbed') as never

/**
 * A genuine ReadableStream over an iterator. Readers and `for await` take chunks directly from the iterator, which takes a fraction of the
 * time of the native queue of the stream. Each reader also holds a native reader, which locks the stream.
 *
 * `tee()`, pipes and transfer use the native queue. After one of them was used, new readers use the native queue too, since it may contain
 * chunks.
 */
export class IteratorStream extends ReadableStream<Uint8Array> {
  readonly #source: IteratorSource

  constructor(iterator: AsyncIterator<Uint8Array, unknown>) {
    const source = new IteratorSource(iterator)
    super(source, { highWaterMark: 0 })
    this.#source = source
  }

  get [DISTURBED](): boolean {
    return this.#source.disturbed
  }

  override getReader(options?: { mode?: 'byob' | undefined }): never {
    const native = super.getReader(options as never) as unknown as ReadableStreamDefaultReader<Uint8Array>
    const reader =
      options?.mode === undefined && !this.#source.native ? new DirectReader(this.#source, native) : native
    // Callers see the overloads that the standard declares: ReadableStream<Uint8Array>['getReader'].
    return reader as never
  }

  override values(options?: { preventCancel?: boolean }): ReadableStreamAsyncIterator {
    if (this.#source.native) return super.values(options)
    return new ReaderIterator(
      this.getReader(),
      options?.preventCancel === true,
    ) as unknown as ReadableStreamAsyncIterator
  }

  override [Symbol.asyncIterator](): ReadableStreamAsyncIterator {
    return this.values()
  }
}

type ReadableStreamAsyncIterator = ReturnType<ReadableStream<Uint8Array>['values']>

/** The underlying source of the stream. Both the stream itself and direct readers pull chunks from it. */
class IteratorSource {
  disturbed = false
  /** Whether the stream itself has pulled a chunk, so that its native queue may contain chunks. */
  native = false
  readonly #iterator: AsyncIterator<Uint8Array, unknown>
  #controller: Controller | undefined
  /** The reads that were pending when their reader was released. Their chunks go to the next reader. */
  readonly #pendingReads: Promise<Result>[] = []

  constructor(iterator: AsyncIterator<Uint8Array, unknown>) {
    this.#iterator = iterator
  }

  start(controller: Controller): void {
    this.#controller = controller
  }

  async pull(controller: Controller): Promise<void> {
    this.native = true
    const result = await this.next()
    if (result.done === true) controller.close()
    else controller.enqueue(result.value)
  }

  async cancel(): Promise<void> {
    this.disturbed = true
    this.#controller = undefined
    await this.#iterator.return?.()
  }

  next(): Promise<Result> {
    this.disturbed = true
    return this.#pendingReads.shift() ?? (this.#iterator.next() as Promise<Result>)
  }

  giveBack(reads: Iterable<Promise<Result>>): void {
    this.#pendingReads.push(...reads)
  }

  close(): void {
    this.#controller?.close()
    this.#controller = undefined
  }

  fail(error: unknown): void {
    this.#controller?.error(error)
    this.#controller = undefined
  }

  get finished(): boolean {
    return this.#controller === undefined
  }
}

/** A default reader that behaves as the streams standard requires, but reads directly from the iterator. */
class DirectReader {
  readonly #source: IteratorSource
  readonly #native: ReadableStreamDefaultReader<Uint8Array>
  readonly #pending = new Set<Promise<Result>>()
  #released = false

  constructor(source: IteratorSource, native: ReadableStreamDefaultReader<Uint8Array>) {
    this.#source = source
    this.#native = native
  }

  get closed(): Promise<unknown> {
    return this.#native.closed
  }

  async read(): Promise<unknown> {
    // The native reader gives the right result for a finished stream, and the right error for a released reader.
    if (this.#released || this.#source.finished) return this.#native.read()
    const reading = this.#source.next()
    this.#pending.add(reading)
    try {
      const result = await reading
      if (this.#isReleased()) throw new TypeError('The reader was released before its read was answered')
      if (result.done === true) this.#source.close()
      return result
    } catch (error) {
      if (!this.#isReleased()) this.#source.fail(error)
      throw error
    } finally {
      this.#pending.delete(reading)
    }
  }

  cancel(reason?: unknown): Promise<void> {
    return this.#native.cancel(reason)
  }

  releaseLock(): void {
    if (this.#released) return
    this.#released = true
    this.#native.releaseLock()
    this.#source.giveBack(this.#pending)
  }

  #isReleased(): boolean {
    return this.#released
  }
}

/** The iterator of `for await`, which reads from a reader. Leaving the loop early cancels the stream, unless `preventCancel` is set. */
class ReaderIterator {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  readonly #preventCancel: boolean

  constructor(reader: ReadableStreamDefaultReader<Uint8Array>, preventCancel: boolean) {
    this.#reader = reader
    this.#preventCancel = preventCancel
  }

  async next(): Promise<unknown> {
    try {
      const result = await this.#reader.read()
      if (result.done) this.#reader.releaseLock()
      return result
    } catch (error) {
      this.#reader.releaseLock()
      throw error
    }
  }

  async return(value?: unknown): Promise<unknown> {
    const cancelled = this.#preventCancel ? undefined : this.#reader.cancel(value)
    this.#reader.releaseLock()
    await cancelled
    return { done: true, value }
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}
