import { readJsonl, UnreadableFileError, type BadLineError } from '@harbor/batch'
import { stat } from 'node:fs/promises'
import type { LineDefaults } from './arguments.ts'
import { InputFile } from './input-file.ts'
import { LINE_ID, NotARequestError, requestOfLine, type LineRequest } from './line-request.ts'

/** How lines are read, and become requests. */
export interface LineOptions {
  readonly defaults: LineDefaults
  /** The longest line, in bytes. */
  readonly maxLineBytes: number | undefined
}

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
      // The numbers of lines are different by themselves.
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

/** What is known of a file before the first of its requests is sent. */
export interface Survey {
  readonly requests: number
  /** Stands for its contents. */
  readonly digest: string
  readonly file: InputFile
}

/**
 * Reads a file once, from beginning to end, so that what is wrong with it is reported before anything is paid for, and how many
 * requests there are is known.
 *
 * @returns undefined for what can be read only once, such as a pipe
 * @throws UnreadableFileError; what `onBadLine` throws; UsageError for a file that is no JSON Lines at all
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
