import { LeanResponse, type BodyChunks } from '@harbor/pool'

/** A source of body chunks. Its `take`, if it has one, returns a chunk that has already arrived, without waiting. */
export type ChunkSource = AsyncIterator<Uint8Array> & Pick<BodyChunks, 'take'>

/** Returns the chunks of a response body, as they arrive. Responses of a Harbor pool are read directly, without a web stream in between. */
export function chunksOf(response: Response): ChunkSource {
  if (response instanceof LeanResponse) return response.chunks()
  return fromBody(response.body)
}

async function* fromBody(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Uint8Array> {
  if (body) for await (const chunk of body) yield chunk
}

/** Ends a source that is not read to its end. @returns the end, as an iterator returns it */
export async function leave(
  source: Pick<AsyncIterator<unknown>, 'return'>,
): Promise<IteratorReturnResult<undefined>> {
  await source.return?.()
  return { done: true, value: undefined }
}

/** Joins a chunk with all chunks of `source` that have already arrived. */
export function withMore(first: Uint8Array, source: ChunkSource): Uint8Array {
  const second = source.take?.()
  if (!second) return first
  const chunks = [first, second]
  for (let more = source.take?.(); more; more = source.take?.()) chunks.push(more)
  return Buffer.concat(chunks)
}
