import { readJsonl, UnreadableFileError, type BadLineError } from '@harbor/batch'
import { stat } from 'node:fs/promises'
import type { LineDefaults } from '../arguments.ts'
import { InputFile } from './input-file.ts'
import { LINE_ID, NotARequestError, requestOfLine, type LineRequest } from './line-request.ts'

/** The options for reading lines and converting them to requests. */
export interface LineOptions {
  readonly defaults: LineDefaults
  /** The maximum length of a line, in bytes. */
  readonly maxLineBytes: number | undefined
}

/** Called for each line that is left out, with a message that begins with the number of the line. */
export type OnBadLine = (problem: string) => void

/**
 * Parses bytes to requests, one per line. A line is reported and left out if it cannot be read, is not a request, or
 * repeats an earlier id. Only the ids of earlier requests stay in memory.
 *
 * @throws UsageError for a request without a model
 */
export async function* requestsOn(
  bytes: AsyncIterable<Uint8Array>,
  { defaults, maxLineBytes }: LineOptions,
  onBadLine: OnBadLine,
): AsyncGenerator<LineRequest, void, undefined> {
  const seen = new Set<string>()
  const values = readJsonl<unknown>(bytes, {
    maxLineBytes,
    onBadLine: ({ error }) => onBadLine(problemOf(error)),
  })
  for await (const { value, line } of values) {
    try {
      const request = requestOfLine(value, line, defaults)
      const { custom_id: id } = request
      if (seen.has(id)) throw new NotARequestError('has an id that came before: give each request its own')
      // Ids made from line numbers are unique already.
      if (!LINE_ID.test(id)) seen.add(id)
      yield request
    } catch (error) {
      if (!(error instanceof NotARequestError)) throw error
      onBadLine(`line ${line} ${error.message}`)
    }
  }
}

function problemOf({ reason, line, byteOffset, message }: BadLineError): string {
  if (reason !== 'too-long') return message
  return `line ${line} (at byte ${byteOffset}) is longer than ${/\d+(?= bytes)/.exec(message)?.[0] ?? 'the allowed'} bytes: see --max-line-bytes`
}

/** The number of requests in a file and the hash of the file, both found before the first request is sent. */
export interface Survey {
  readonly requests: number
  /** A hash of the contents of the file. */
  readonly digest: string
  readonly file: InputFile
}

/**
 * Reads a file once from beginning to end, before the run. So bad lines are reported before any request is paid for,
 * and the number of requests is known.
 *
 * @returns undefined for a source that can be read only once, such as a pipe
 * @throws UnreadableFileError
 * @throws UsageError for a file that is not JSON Lines at all
 * @throws any error that `onBadLine` throws
 */
export async function survey(
  path: string,
  lines: LineOptions,
  onBadLine: OnBadLine,
): Promise<Survey | undefined> {
  const stats = await stat(path).catch((cause: unknown) => {
    throw new UnreadableFileError(path, cause)
  })
  if (!stats.isFile() && !stats.isDirectory()) return undefined
  const file = new InputFile(path)
  let requests = 0
  for await (const _ of requestsOn(file.survey(), lines, onBadLine)) requests++
  return { requests, digest: file.digest(), file }
}
