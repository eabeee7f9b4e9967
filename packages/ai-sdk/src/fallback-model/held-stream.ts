import type { LanguageModelV4StreamPart, LanguageModelV4StreamResult } from '@ai-sdk/provider'
import { TimeoutError } from '@harbor/retry'
import { hasStream } from '../answer-shape.ts'
import { MalformedAnswerError, StreamIncompleteError } from './errors.ts'
import type { LiveAttempt } from './live-attempt.ts'
import { checkPart, isContent, isIncomplete } from './stream-parts.ts'

/** The maximum number of parts that are held before the first content. */
const MAX_HELD_PARTS = 10_000

/** A stream whose first content, or whose end, has arrived. */
export interface HeldStream {
  readonly result: LanguageModelV4StreamResult
  readonly held: readonly LanguageModelV4StreamPart[]
  readonly reader: ReadableStreamDefaultReader<LanguageModelV4StreamPart>
}

/**
 * Starts a stream and holds its parts until its first content. A fault before that is the failure of the attempt, so that the caller never
 * sees a part of this stream.
 *
 * @param firstTokenMs the maximum time from the headers to the first content, in milliseconds
 * @throws the error of the model; StreamIncompleteError for an error in the stream, or an end without a finish; MalformedAnswerError for
 * no stream, a part that is none, or too many parts without content; TimeoutError after `firstTokenMs`
 */
export async function holdStream(
  start: PromiseLike<LanguageModelV4StreamResult>,
  attempt: LiveAttempt,
  name: string,
  firstTokenMs: number | undefined,
): Promise<HeldStream> {
  const result = await start
  if (!hasStream(result)) throw new MalformedAnswerError(name, 'no stream')
  const reader = result.stream.getReader()
  attempt.streams()
  // Stays: the end of an attempt aborts its signal, unless its answer is whole.
  const cancel = (): void => {
    reader.cancel(attempt.signal.reason).catch(() => undefined)
  }
  if (attempt.signal.aborted) cancel()
  attempt.signal.addEventListener('abort', cancel)
  const timer =
    firstTokenMs === undefined
      ? undefined
      : setTimeout(() => attempt.abort(new TimeoutError('attempt', firstTokenMs, 1)), firstTokenMs)
  const held: LanguageModelV4StreamPart[] = []
  try {
    for (;;) {
      const { done, value: part } = await reader.read()
      attempt.signal.throwIfAborted()
      if (done) throw new StreamIncompleteError(name, 'cut')
      checkPart(part, name)
      if (part.type === 'error') throw new StreamIncompleteError(name, 'error', part.error)
      held.push(part)
      if (part.type === 'finish') {
        if (isIncomplete(part.finishReason)) throw new StreamIncompleteError(name, 'cut')
        return { result, held, reader }
      }
      if (isContent(part)) {
        attempt.content()
        return { result, held, reader }
      }
      if (held.length > MAX_HELD_PARTS) throw new MalformedAnswerError(name, 'too many parts without content')
    }
  } finally {
    clearTimeout(timer)
  }
}
