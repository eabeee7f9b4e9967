import { Buffer } from 'node:buffer'
import type { IncomingMessage } from 'node:http'

/**
 * Reads the whole body of a request.
 *
 * @returns undefined if the client left before the end; `'too large'` for a body of more than `maxBytes`, which is read
 *   all the same
 */
export async function readRequest(
  request: IncomingMessage,
  maxBytes: number,
): Promise<Buffer | 'too large' | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  return new Promise((resolve) => {
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= maxBytes) chunks.push(chunk)
      else chunks.length = 0
    })
    request.once('end', () => resolve(bytes <= maxBytes ? Buffer.concat(chunks) : 'too large'))
    request.once('close', () => resolve(undefined))
    request.once('error', () => resolve(undefined))
  })
}
