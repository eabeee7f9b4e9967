import { LeanResponse } from '@harbor/pool'

/** The body of a response as it comes off the wire; our own responses give it without a web stream in between. */
export function chunksOf(response: Response): AsyncIterator<Uint8Array> {
  if (response instanceof LeanResponse) return response.chunks()[Symbol.asyncIterator]()
  return fromBody(response.body)
}

async function* fromBody(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Uint8Array> {
  if (body) for await (const chunk of body) yield chunk
}
