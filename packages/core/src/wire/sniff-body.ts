import { LeanResponse } from '@harbor/pool'
import { chunksOf, type ChunkSource, leave } from './chunks-of.ts'
import { bodyKindOf, type BodyKind } from './body-kind.ts'

/** The maximum number of bytes that are searched for the first character that is not blank. */
const MAX_BLANK_BYTES = 64 * 1024

/**
 * Finds the kind of a body by reading its beginning.
 * @returns the kind, and a new response with the whole body
 */
export async function sniffBody(response: Response): Promise<{ kind: BodyKind; response: Response }> {
  const source = chunksOf(response)
  const read: Uint8Array[] = []
  let bytes = 0
  let kind: BodyKind = 'empty'
  while (kind === 'empty' && bytes < MAX_BLANK_BYTES) {
    const chunk = await source.next()
    if (chunk.done === true) break
    read.push(chunk.value)
    bytes += chunk.value.length
    kind = bodyKindOf(new TextDecoder().decode(Buffer.concat(read)))
  }
  const { status, headers, url } = response
  return { kind, response: new LeanResponse({ status, headers, url, body: withStart(read, source) }) }
}

/** Makes a body of the chunks that have been read and all further chunks of `source`. */
function withStart(read: Uint8Array[], source: ChunkSource): AsyncIterableIterator<Uint8Array> {
  return {
    [Symbol.asyncIterator]() {
      return this
    },
    next: () => {
      const value = read.shift()
      return value ? Promise.resolve({ done: false, value }) : source.next()
    },
    return: () => leave(source),
  }
}
