import { APIError, OpenAIError } from 'openai'
import { Stream } from 'openai/streaming'
import { HarborResponse } from '../call/harbor-response.ts'
import type { ReaderEnd } from '../call/reader-end.ts'

/**
 * Takes the place of the SDK's decoder, which would parse a second time what the guard has parsed. What it makes is the SDK's own
 * `Stream`. Any other response, and any other form of events than their plain data, is left to the SDK.
 */
export const ParsedStream: Pick<typeof Stream, 'fromSSEResponse'> = {
  fromSSEResponse<Item>(
    ...given: Parameters<(typeof Stream)['fromSSEResponse']>
  ): ReturnType<typeof Stream.fromSSEResponse<Item>> {
    const [response, controller, client, withNames, mode = 'legacy'] = given
    const reader = response instanceof HarborResponse ? response.events : undefined
    if (!reader || withNames || mode !== 'legacy') return Stream.fromSSEResponse(...given)
    let consumed = false
    const iterate = (): AsyncIterator<Item> => {
      if (consumed)
        throw new OpenAIError('Cannot iterate over a consumed stream, use `.tee()` to split the stream.')
      consumed = true
      return itemsOf<Item>(reader, response, controller)
    }
    return new Stream<Item>(iterate, controller, client)
  },
}

/** Yields, throws, aborts and ends as the SDK's decoder does. */
async function* itemsOf<Item>(
  reader: ReaderEnd,
  response: Response,
  controller: AbortController,
): AsyncGenerator<Item, undefined> {
  let isOver = false
  try {
    for (let piece = await reader.nextPiece(); piece; piece = await reader.nextPiece()) {
      for (const { name, json } of piece.events) {
        if (!json) continue
        const { error } = json
        if (name === 'error' || error)
          throw new APIError(undefined, error ?? json, undefined, response.headers)
        yield json as Item
      }
    }
    isOver = true
  } catch (error) {
    if (!isAbort(error, controller.signal)) throw error
  } finally {
    if (!isOver) {
      if (!controller.signal.aborted) controller.abort()
      await reader.return()
    }
  }
}

/** The caller has left, and knows. */
function isAbort(error: unknown, { aborted, reason }: AbortSignal): boolean {
  if (error instanceof APIError) return false
  return (error instanceof Error && error.name === 'AbortError') || (aborted && error === reason)
}
