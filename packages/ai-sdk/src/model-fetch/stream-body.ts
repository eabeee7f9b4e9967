import type { LanguageModelV4StreamPart } from '@ai-sdk/provider'
import { errorEvent, type ChatChunks } from './chat-chunks.ts'
import type { Dropped } from './dropped.ts'
import { errorAnswer } from './error-answer.ts'
import { incomplete } from './request-error.ts'

const ENCODER = new TextEncoder()

/**
 * Reads a model's stream up to its first event, so that an error before it has a status of its own and all warnings are known.
 * @returns the body of the answer. It reads from the model only as fast as it is read, and cancels the model's stream when it is cancelled
 * @throws RequestError, or the error of the model, when the stream fails before its first event; the reason of the signal after an abort
 */
export async function streamBody(
  stream: ReadableStream<LanguageModelV4StreamPart>,
  chunks: ChatChunks,
  dropped: Dropped,
  signal: AbortSignal | undefined,
): Promise<ReadableStream<Uint8Array>> {
  const source = new ModelEvents(stream, chunks, dropped, signal)
  let held: string | undefined = await source.next()
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        source.onAbort = (reason) => controller.error(reason)
      },
      async pull(controller) {
        try {
          const text = held ?? (await source.next())
          held = undefined
          controller.enqueue(ENCODER.encode(text))
          if (chunks.isWhole) controller.close()
        } catch (error) {
          if (signal?.aborted) {
            controller.error(signal.reason)
            return
          }
          const fault =
            errorAnswer(error) ?? incomplete('The connection to the provider broke inside the answer.')
          controller.enqueue(ENCODER.encode(errorEvent(fault)))
          controller.close()
        }
      },
      cancel(reason) {
        source.stop(reason)
      },
    },
    { highWaterMark: 0 },
  )
}

/** The maximum time and the maximum number of parts for which a model's stream is read after its finish part, until it ends. */
const MAX_END_MS = 1_000
const MAX_END_PARTS = 100

/** Reads the texts of events from a model's stream. After an error or an abort, the model's stream is cancelled. */
class ModelEvents {
  /** Called when the signal aborts before the end. */
  onAbort: ((reason: unknown) => void) | undefined
  readonly #reader: ReadableStreamDefaultReader<LanguageModelV4StreamPart>
  readonly #chunks: ChatChunks
  readonly #dropped: Dropped
  readonly #signal: AbortSignal | undefined
  // One listener for the whole stream, and not one for each read.
  readonly #abort = (): void => {
    this.stop(this.#signal?.reason)
    this.onAbort?.(this.#signal?.reason)
  }

  constructor(
    stream: ReadableStream<LanguageModelV4StreamPart>,
    chunks: ChatChunks,
    dropped: Dropped,
    signal: AbortSignal | undefined,
  ) {
    this.#reader = stream.getReader()
    this.#chunks = chunks
    this.#dropped = dropped
    this.#signal = signal
    if (signal?.aborted) this.#abort()
    else signal?.addEventListener('abort', this.#abort, { once: true })
  }

  /** Returns the text of the next events. @throws RequestError, or the error of the model, when the stream failed */
  async next(): Promise<string> {
    try {
      for (;;) {
        const { done, value } = await this.#reader.read()
        if (this.#signal?.aborted) throw this.#signal.reason
        if (done) throw incomplete('The answer ended without a finish reason, so it may not be whole.')
        const text = this.#chunks.textOf(value)
        if (value.type === 'stream-start') this.#dropped.addWarnings(value.warnings)
        if (this.#chunks.isWhole) void this.#readToEnd()
        if (text !== '') return text
      }
    } catch (error) {
      this.stop(error)
      throw error
    }
  }

  /** Reads until the stream ends, because the connection of a stream that is cancelled before its end cannot be used again. */
  async #readToEnd(): Promise<void> {
    const timer = setTimeout(() => this.stop(undefined), MAX_END_MS)
    try {
      for (let parts = 0; parts < MAX_END_PARTS; parts++) if ((await this.#reader.read()).done) break
    } catch {
      // The answer is whole. What fails after it, is of no consequence.
    } finally {
      clearTimeout(timer)
      this.stop(undefined)
    }
  }

  /** Cancels the model's stream. Does nothing after its end. */
  stop(reason: unknown): void {
    this.#signal?.removeEventListener('abort', this.#abort)
    this.#reader.cancel(reason).catch(() => undefined)
  }
}
