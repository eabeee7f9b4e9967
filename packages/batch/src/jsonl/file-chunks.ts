import { UnreadableFileError } from './errors.ts'
import { nodeModule } from '../node-modules.ts'

const CHUNK_BYTES = 256 * 1024

/**
 * Reads a file in chunks of bytes. All chunks share one buffer: a chunk is valid until the next one is read. The file is closed at the end, on an
 * error and when the consumer leaves its loop early.
 *
 * @throws UnreadableFileError
 */
export async function* fileChunks(path: string): AsyncGenerator<Uint8Array, void, undefined> {
  const refuse = (cause: unknown): never => {
    throw new UnreadableFileError(path, cause)
  }
  const { open } = nodeModule('node:fs/promises')
  const file = await open(path).catch(refuse)
  try {
    const buffer = new Uint8Array(CHUNK_BYTES)
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES, null).catch(refuse)
      if (bytesRead === 0) return
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    await file.close()
  }
}
