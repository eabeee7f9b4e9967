import { readJsonl, UnreadableFileError } from '@harbor/batch'
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { LineDefaults } from './arguments.ts'
import { LINE_ID, NotARequestError, requestOfLine, type LineRequest } from './line-request.ts'

/** Told of each line that is left out, in words that begin with its number. */
export type OnBadLine = (problem: string) => void

/**
 * The requests on the lines of some bytes, one by one. Lines that cannot be read, are no request or have an id that came before
 * are reported and left out. Ids are remembered for that; nothing else is.
 *
 * @throws UsageError for a request without a model
 */
export async function* requestsOn(
  bytes: AsyncIterable<Uint8Array>,
  defaults: LineDefaults,
  onBadLine: OnBadLine,
): AsyncGenerator<LineRequest, void, undefined> {
  const seen = new Set<string>()
  const values = readJsonl<unknown>(bytes, { onBadLine: ({ error }) => onBadLine(error.message) })
  for await (const { value, line } of values) {
    try {
      const request = requestOfLine(value, line, defaults)
      const { custom_id: id } = request
      if (seen.has(id)) throw new NotARequestError('has an id that came before: give each request its own')
      // The numbers of lines are different by themselves.
      if (!LINE_ID.test(id)) seen.add(id)
      yield request
    } catch (error) {
      if (!(error instanceof NotARequestError)) throw error
      onBadLine(`line ${line} ${error.message}`)
    }
  }
}

/** What is known of a file before the first of its requests is made. */
export interface Survey {
  readonly requests: number
  /** Stands for its contents. */
  readonly digest: string
}

/**
 * Reads a file once, from beginning to end, so that what is wrong with it is told before anything is paid for, and how many
 * requests there are is known.
 *
 * @returns undefined for what can be read only once, such as a pipe
 * @throws UnreadableFileError; what `onBadLine` throws
 */
export async function survey(
  path: string,
  defaults: LineDefaults,
  onBadLine: OnBadLine,
): Promise<Survey | undefined> {
  const stats = await stat(path).catch((cause: unknown) => {
    throw new UnreadableFileError(path, cause)
  })
  if (!stats.isFile() && !stats.isDirectory()) return undefined
  const hash = createHash('sha256')
  async function* hashed(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of bytesOf(path)) {
      hash.update(chunk)
      yield chunk
    }
  }
  let requests = 0
  for await (const _ of requestsOn(hashed(), defaults, onBadLine)) requests++
  return { requests, digest: hash.digest('hex') }
}

/** @throws UnreadableFileError */
export async function* bytesOf(path: string): AsyncGenerator<Uint8Array, void, undefined> {
  const stream = createReadStream(path, { highWaterMark: 256 * 1024 })
  try {
    for await (const chunk of stream) yield chunk as Uint8Array
  } catch (cause) {
    throw new UnreadableFileError(path, cause)
  }
}
