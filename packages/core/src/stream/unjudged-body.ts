import { redactError } from '../base/redact-error.ts'
import type { StreamBody, StreamEnd } from '../call/exchange.ts'

/**
 * Wraps a body that Harbor does not check: a file, audio, or the answer of an unknown endpoint. The body is passed on as it is received;
 * only its end is recorded.
 * @param giveUp aborts the request
 * @param onRead called at each read
 */
export function unjudgedBody(
  source: AsyncIterator<Uint8Array>,
  giveUp: (reason: Error) => void,
  onRead?: () => void,
): StreamBody {
  const { promise: ended, resolve: end } = Promise.withResolvers<StreamEnd>()

  function abandon(reason: Error): void {
    giveUp(reason)
    end({ outcome: 'aborted' })
  }

  // Not a generator, since its return() would wait for a pending next().
  const chunks: AsyncIterableIterator<Uint8Array> = {
    [Symbol.asyncIterator]: () => chunks,
    next: async () => {
      onRead?.()
      try {
        const result = await source.next()
        if (result.done === true) end({ outcome: 'success' })
        return result
      } catch (error) {
        end({ outcome: 'failure' })
        throw redactError(error)
      }
    },
    return: async () => {
      abandon(new Error('The caller stopped reading the body before its end.'))
      return { done: true, value: undefined }
    },
  }
  return { kind: 'stream', chunks, ended, abandon }
}
