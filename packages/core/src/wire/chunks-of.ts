import { LeanResponse, type BodyChunks } from '@harbor/pool'

/** Where chunks come from; some sources know which have come already. */
export type ChunkSource = AsyncIterator<Uint8Array> & Pick<BodyChunks, 'take'>

/** The body of a response as it comes off the wire; our own responses give it without a web stream in between. */
export function chunksOf(response: Response): ChunkSource {
  if (response instanceof LeanResponse) return response.chunks()
  return fromBody(response.body)
}

async function* fromBody(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Uint8Array> {
  if (body) for await (const chunk of body) yield chunk
}

/** A chunk together with all that has come already. */
export function withMore(first: Uint8Array, source: ChunkSource): Uint8Array {
  const second = source.take?.()
  if (!second) return first
  const chunks = [first, second]
  for (let more = source.take?.(); more; more = source.take?.()) chunks.push(more)
  return Buffer.concat(chunks)
}
