import type { LanguageModelV4StreamPart } from '@ai-sdk/provider'
import { HARBOR } from '../receipts/receipt-of.ts'
import type { ModelReceipt } from '../receipts/receipt.ts'
import { StreamIncompleteError } from './errors.ts'
import type { HeldStream } from './held-stream.ts'
import { IdleClock } from './idle-clock.ts'
import type { LiveAttempt } from './live-attempt.ts'
import { checkPart, isContent, isIncomplete } from './stream-parts.ts'

/** The maximum time between two reads of a stream, in milliseconds. Then its connection is closed. */
const MAX_UNREAD_MS = 300_000

/** Called once when a stream ends. Returns the receipt of the call. */
export type OnStreamEnd = (outcome: ModelReceipt['outcome'], error?: unknown) => ModelReceipt

/**
 * Passes a stream on, part by part, at the speed of its reader. If the stream fails after its first content, its last part is
 * `{ type: 'error', error }`, and then the stream itself fails with the same error: readers that wait only for the text get the error, too.
 */
export function guardStream(
  { held, reader }: HeldStream,
  attempt: LiveAttempt,
  name: string,
  idleMs: number,
  onPart: (part: LanguageModelV4StreamPart) => void,
  onEnd: OnStreamEnd,
): ReadableStream<LanguageModelV4StreamPart> {
  const waiting = held.toReversed()
  let hasFinished = false
  let hasEnded = false
  let controller: ReadableStreamDefaultController<LanguageModelV4StreamPart> | undefined
  const clock = new IdleClock(idleMs, () => fail(new StreamIncompleteError(name, 'idle')))
  /** Runs while the caller does not read: a forgotten stream would hold its connection, its permit and its receipt for ever. */
  const unread = new IdleClock(MAX_UNREAD_MS, () => abandon(new StreamIncompleteError(name, 'unread')))

  /**
   * Ends the stream. Returns whether its account was still open. The finish part closes it: the answer is whole, billed and recorded, so
   * what goes wrong after it cannot make it a failure, and only ends the stream.
   */
  function end(reason: unknown): boolean {
    if (hasEnded) return false
    hasEnded = true
    clock.stop()
    unread.stop()
    attempt.signal.removeEventListener('abort', abort)
    reader.cancel(reason).catch(() => undefined)
    if (hasFinished) controller?.close()
    return !hasFinished
  }

  function fail(error: StreamIncompleteError): void {
    if (!end(error)) return
    attempt.fail(error)
    onEnd('failure', error)
    controller?.enqueue({ type: 'error', error })
    // The part above is read first: an error of the stream would discard it.
    failAfterRead = error
  }
  let failAfterRead: StreamIncompleteError | undefined

  const abort = (): void => abandon((attempt.signal as { reason: unknown }).reason)

  /** Ends the stream without a judgement of the target. */
  function abandon(reason: unknown): void {
    if (!end(reason)) return
    onEnd('aborted', reason)
    controller?.error(reason)
    attempt.release(reason)
  }

  function pass(part: LanguageModelV4StreamPart): void {
    if (part.type === 'error') {
      fail(new StreamIncompleteError(name, 'error', part.error))
      return
    }
    if (part.type === 'finish') {
      // A second one would be counted a second time by the reader, too.
      if (hasFinished || isIncomplete(part.finishReason)) {
        fail(new StreamIncompleteError(name, 'cut'))
        return
      }
      hasFinished = true
      attempt.succeed()
      onPart(part)
      const receipt = onEnd('success')
      const harbor = receipt as unknown as Record<string, never>
      part = { ...part, providerMetadata: { ...part.providerMetadata, [HARBOR]: harbor } }
    } else onPart(part)
    controller?.enqueue(part)
  }

  async function pull(): Promise<void> {
    const next = waiting.pop()
    if (next) {
      pass(next)
      return
    }
    clock.start()
    try {
      const { done, value: part } = await reader.read()
      if (hasEnded) return
      if (done) {
        fail(new StreamIncompleteError(name, 'cut'))
        return
      }
      checkPart(part, name)
      if (isContent(part)) {
        clock.pause()
        if (part.type !== 'finish' && part.type !== 'error') attempt.content()
      }
      pass(part)
    } catch (error) {
      fail(new StreamIncompleteError(name, 'error', error))
    }
  }

  attempt.signal.addEventListener('abort', abort)
  return new ReadableStream<LanguageModelV4StreamPart>(
    {
      start(own) {
        controller = own
        if (attempt.signal.aborted) abort()
        else unread.start()
      },
      async pull() {
        unread.pause()
        if (failAfterRead) {
          controller?.error(failAfterRead)
          return
        }
        await pull()
        if (!hasEnded) unread.start()
      },
      cancel(reason) {
        controller = undefined
        if (!end(reason)) return
        onEnd('aborted')
        attempt.release(reason)
      },
    },
    { highWaterMark: 0 },
  )
}
