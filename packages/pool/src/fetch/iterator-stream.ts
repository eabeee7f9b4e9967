// Types alone: an import of the module would load every kind of web stream, and the one we need is a global.
import type { ReadableStreamDefaultController, ReadableStreamDefaultReader } from 'node:stream/web'

type Result = IteratorResult<Uint8Array, undefined>
type Controller = ReadableStreamDefaultController<Uint8Array>

/** What Node's streams and fetch ask to learn whether a stream was read; our readers go past its own bookkeeping. */
const DISTURBED: unique symbol = Symbol.for('nodejs.stream.disturbed') as never

/**
 * A genuine ReadableStream over an iterator. Readers and `for await` take chunks from the iterator directly, which
 * costs a fraction of the standard's queue; the native reader they hold keeps the stream locked. All other uses (tee,
 * pipes, transfer) go the native way, and once they have, readers do so too, for chunks may be in the native queue.
 */
export class SourceStream extends ReadableStream<Uint8Array> {
  readonly #pump: Pump

  constructor(source: AsyncIterator<Uint8Array, unknown>) {
    const pump = new Pump(source)
    super(pump, { highWaterMark: 0 })
    this.#pump = pump
  }

  get [DISTURBED](): boolean {
    return this.#pump.disturbed
  }

  override getReader(options?: { mode?: 'byob' | undefined }): never {
    const native = super.getReader(options as never) as unknown as ReadableStreamDefaultReader<Uint8Array>
    const reader =
      options?.mode === undefined && !this.#pump.native ? new DirectReader(this.#pump, native) : native
    // The declared overloads of the standard are what callers see: ReadableStream<Uint8Array>['getReader'].
    return reader as never
  }

  override values(options?: { preventCancel?: boolean }): ReadableStreamAsyncIterator {
    if (this.#pump.native) return super.values(options)
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

/** The underlying source, pulled natively or by direct readers. */
class Pump {
  disturbed = false
  /** Whether the stream itself has pulled. */
  native = false
  readonly #source: AsyncIterator<Uint8Array, unknown>
  #controller: Controller | undefined
  /** Reads whose reader let go of the stream before they were answered: they belong to the next one. */
  readonly #orphans: Promise<Result>[] = []

  constructor(source: AsyncIterator<Uint8Array, unknown>) {
    this.#source = source
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
    await this.#source.return?.()
  }

  next(): Promise<Result> {
    this.disturbed = true
    return this.#orphans.shift() ?? (this.#source.next() as Promise<Result>)
  }

  giveBack(reads: Iterable<Promise<Result>>): void {
    this.#orphans.push(...reads)
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

/** A reader as the standard describes it. */
class DirectReader {
  readonly #pump: Pump
  readonly #native: ReadableStreamDefaultReader<Uint8Array>
  readonly #pending = new Set<Promise<Result>>()
  #released = false

  constructor(pump: Pump, native: ReadableStreamDefaultReader<Uint8Array>) {
    this.#pump = pump
    this.#native = native
  }

  get closed(): Promise<unknown> {
    return this.#native.closed
  }

  async read(): Promise<unknown> {
    // The native reader knows what to say about a stream that is finished, or no longer its own.
    if (this.#released || this.#pump.finished) return this.#native.read()
    const reading = this.#pump.next()
    this.#pending.add(reading)
    try {
      const result = await reading
      if (this.#hasLetGo()) throw new TypeError('The reader was released before its read was answered')
      if (result.done === true) this.#pump.close()
      return result
    } catch (error) {
      if (!this.#hasLetGo()) this.#pump.fail(error)
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
    this.#pump.giveBack(this.#pending)
  }

  #hasLetGo(): boolean {
    return this.#released
  }
}

/** `for await` over a reader: leaving early cancels, unless asked not to. */
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
