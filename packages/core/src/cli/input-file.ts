import { UnreadableFileError } from '@harbor/batch'
import { createHash } from 'node:crypto'
import { createReadStream, type Stats } from 'node:fs'
import { open, stat, type FileHandle } from 'node:fs/promises'
import { foreignKindOf } from './file-kind.ts'
import { UsageError } from './usage-error.ts'

const BLOCK_BYTES = 1024 * 1024

/** The input is not what was surveyed: somebody has cut, replaced or overwritten it. */
export class InputChangedError extends Error {
  override readonly name = 'InputChangedError'

  constructor(path: string) {
    super(`${path} has changed since the run began, so the rest of it was not sent.`)
  }
}

/**
 * A file of requests that is read twice: first to see what is in it, then to send it. The second reading gives nothing that differs from what the
 * first one saw, block by block: no line is sent, and kept in the journal, that was not part of the surveyed file.
 */
export class InputFile {
  readonly path: string
  readonly #blocks: Buffer[] = []
  readonly #whole = createHash('sha256')
  #readAs: Stats | undefined

  constructor(path: string) {
    this.path = path
  }

  /** What the first reading saw, in one hash. To be read when that is over. */
  digest(): string {
    return this.#whole.copy().digest('hex')
  }

  /** The first reading. @throws UsageError for a file that is no JSON Lines at all */
  async *survey(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const block of blocksOf(this.path)) {
      if (this.#blocks.length === 0) refuseForeign(this.path, block, block.length < BLOCK_BYTES)
      this.#blocks.push(hashOf(block))
      this.#whole.update(block)
      yield block
    }
  }

  /** The second reading. @throws InputChangedError before anything that differs is given out */
  async *read(): AsyncGenerator<Uint8Array, void, undefined> {
    this.#readAs = await stat(this.path).catch(() => undefined)
    let count = 0
    for await (const block of blocksOf(this.path)) {
      if (this.#blocks[count++]?.equals(hashOf(block)) !== true) throw new InputChangedError(this.path)
      yield block
    }
    if (count < this.#blocks.length) throw new InputChangedError(this.path)
  }

  /** Whether it was written to or replaced since the second reading began: what was sent is still what was surveyed. */
  async hasChanged(): Promise<boolean> {
    const before = this.#readAs
    const now = await stat(this.path).catch(() => undefined)
    return (['ino', 'dev', 'size', 'mtimeMs'] as const).some((fact) => before?.[fact] !== now?.[fact])
  }
}

/** Standard input and pipes, which can be read once: their first bytes are looked at before anything else happens. */
export async function sniffed(
  name: string,
  source: AsyncIterable<Uint8Array>,
): Promise<AsyncIterable<Uint8Array>> {
  const iterator = source[Symbol.asyncIterator]()
  const first = await iterator.next()
  if (first.done !== true) refuseForeign(name, first.value, false)
  return (async function* () {
    for (let step = first; step.done !== true; step = await iterator.next()) yield step.value
  })()
}

/** The bytes of what can be read once, such as a named pipe, as they come. @throws UnreadableFileError */
export async function* streamOf(path: string): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    for await (const chunk of createReadStream(path)) yield chunk as Uint8Array
  } catch (cause) {
    throw new UnreadableFileError(path, cause)
  }
}

async function* blocksOf(path: string): AsyncGenerator<Buffer, void, undefined> {
  const refuse = (cause: unknown): never => {
    throw new UnreadableFileError(path, cause)
  }
  const file = await open(path).catch(refuse)
  try {
    for (;;) {
      const block = await nextBlock(file).catch(refuse)
      if (block.length > 0) yield block
      if (block.length < BLOCK_BYTES) break
    }
  } finally {
    await file.close()
  }
}

/** Full, but for the last one. */
async function nextBlock(file: FileHandle): Promise<Buffer> {
  const block = Buffer.allocUnsafe(BLOCK_BYTES)
  let length = 0
  while (length < BLOCK_BYTES) {
    const { bytesRead } = await file.read(block, length, BLOCK_BYTES - length, null)
    if (bytesRead === 0) break
    length += bytesRead
  }
  return block.subarray(0, length)
}

function hashOf(block: Uint8Array): Buffer {
  return createHash('sha256').update(block).digest()
}

function refuseForeign(name: string, head: Uint8Array, isWhole: boolean): void {
  const problem = foreignKindOf(head, isWhole)
  if (problem !== undefined) throw new UsageError(`${name} ${problem}`)
}
