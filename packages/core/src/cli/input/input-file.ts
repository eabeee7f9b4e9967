import { UnreadableFileError } from '@harbor/batch'
import { createHash } from 'node:crypto'
import { createReadStream, type Stats } from 'node:fs'
import { open, stat, type FileHandle } from 'node:fs/promises'
import { foreignKindOf } from './file-kind.ts'
import { UsageError } from '../options.ts'

const BLOCK_BYTES = 1024 * 1024

/** The error for an input file that was shortened, replaced or overwritten after its first reading. */
export class InputChangedError extends Error {
  override readonly name = 'InputChangedError'

  constructor(path: string) {
    super(`${path} has changed since the run began, so the rest of it was not sent.`)
  }
}

/**
 * A file of requests that is read twice: first to check it, then to send the requests. The second reading compares each
 * block with the first reading, and ends with an error at the first difference. So a line that was not there at the
 * first reading is never sent, and never stored in the journal.
 */
export class InputFile {
  readonly path: string
  readonly #blocks: Buffer[] = []
  readonly #whole = createHash('sha256')
  #readAs: Stats | undefined

  constructor(path: string) {
    this.path = path
  }

  /** Returns a hash of the content. It is complete only after the first reading. */
  digest(): string {
    return this.#whole.copy().digest('hex')
  }

  /** Reads the file for the first time. @throws UsageError for a file that is not JSON Lines at all */
  async *survey(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const block of blocksOf(this.path)) {
      if (this.#blocks.length === 0) refuseForeign(this.path, block, block.length < BLOCK_BYTES)
      this.#blocks.push(hashOf(block))
      this.#whole.update(block)
      yield block
    }
  }

  /** Reads the file for the second time. @throws InputChangedError before it yields a block that differs */
  async *read(): AsyncGenerator<Uint8Array, void, undefined> {
    this.#readAs = await stat(this.path).catch(() => undefined)
    let count = 0
    for await (const block of blocksOf(this.path)) {
      if (this.#blocks[count++]?.equals(hashOf(block)) !== true) throw new InputChangedError(this.path)
      yield block
    }
    if (count < this.#blocks.length) throw new InputChangedError(this.path)
  }

  /**
   * Whether the file was changed or replaced since the second reading began. Even then, all lines that were sent are
   * those of the first reading.
   */
  async hasChanged(): Promise<boolean> {
    const before = this.#readAs
    const now = await stat(this.path).catch(() => undefined)
    return (['ino', 'dev', 'size', 'mtimeMs'] as const).some((fact) => before?.[fact] !== now?.[fact])
  }
}

/**
 * Checks the first bytes of a source that can be read only once, such as standard input or a pipe.
 *
 * @returns the whole source, including the bytes that were checked
 * @throws UsageError for a source that is not JSON Lines at all
 */
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

/** Reads a source that can be read only once, such as a named pipe. @throws UnreadableFileError */
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

/** Reads one block. Only the last block of a file is shorter than the others. */
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
