import type { Cache, StreamOptions } from '@harbor/cache'

/**
 * Reads the answer to a call in flight for the processes that wait for it: joins the call as another caller. So the call goes on when its own
 * callers leave, and is read as fast as the provider sends it. Resolves when the answer has ended.
 *
 * It stops at half of `maxRecordBytes`, so that it never is so far ahead of a slow caller that this caller is cut off.
 *
 * @param key the cache key of the call
 * @param options those of the call
 */
export async function readForFleet(store: Cache<never>, key: string, options: StreamOptions): Promise<void> {
  const { scope, timeoutMs, maxRecordBytes = Infinity } = options
  try {
    const { body } = await store.record(key, notInFlight, {
      ...{ scope, timeoutMs, isPrefetch: true },
      rememberFailureIf: () => false,
    })
    let bytes = 0
    for await (const chunk of body) {
      bytes += chunk.byteLength
      if (bytes > maxRecordBytes / 2) break
    }
  } catch {
    // The call has failed, which its own callers report, or is not in flight any more.
  }
}

/** Takes the place of a load. It is called only if the call has ended meanwhile. */
function notInFlight(): never {
  throw new Error('The call is not in flight any more.')
}
