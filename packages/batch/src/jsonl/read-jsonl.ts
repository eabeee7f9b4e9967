import { describeValue } from '@harbor/parts'
import { aFunction, count, either, oneOf, validate, type Check } from '../validate.ts'
import { BadLineError } from './errors.ts'
import { fileChunks } from './file-chunks.ts'
import { LineCutter, type RawLine } from './line-cutter.ts'

/** Options of `readJsonl`: the maximum length of a line, and what happens with a line that cannot be read. */
export interface ReadJsonlOptions {
  /**
   * The maximum length of a line, in bytes without its line feed, at least 1; a longer line is a bad line. At most this many bytes and one chunk of
   * the source are in memory, however long a line is. @default 16_777_216 (16 MiB)
   */
  maxLineBytes?: number | undefined
  /**
   * What happens to a line that is not JSON, not UTF-8 or too long. `'throw'`: reading ends with a BadLineError. `'skip'`: the line is left out. A
   * function: it is called with the line, which is left out. If the function throws, reading ends with its error. @default 'throw'
   */
  onBadLine?: 'throw' | 'skip' | ((problem: BadLine) => void) | undefined
}

/** A line that could not be read, as it is passed to `onBadLine`. */
export interface BadLine {
  /** The number of the line, counted from 1; blank lines count. */
  line: number
  /** The first characters of the line, at most 200. They may be confidential, so neither `error` nor its message contains them. */
  excerpt: string
  /** The error with the reason and the position, without content of the line. */
  error: BadLineError
}

/**
 * Reads JSON Lines one value at a time, never the whole source. UTF-8 may be split anywhere across chunks; a byte order mark, CRLF, blank lines and a
 * last line without a line feed are accepted. Leaving the loop early closes the file.
 *
 * ```ts
 * for await (const { value, line } of readJsonl<Prompt>('prompts.jsonl')) …
 * ```
 *
 * @param source the path of a file, or its bytes: a Node.js stream, a web stream, any async iterable
 * @returns an iterable of values and line numbers. With a path, each iteration opens the file again. Values are not checked to be of type `T`
 * @throws UnreadableFileError, when iterated, for a path that is missing, is a directory, or may not be read
 * @throws BadLineError, when iterated, for the first bad line, unless `onBadLine` says otherwise
 */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- taken on trust, to save a cast at every use
export function readJsonl<T>(
  source: string | AsyncIterable<Uint8Array>,
  options: ReadJsonlOptions = {},
): AsyncIterable<{ value: T; line: number }> {
  validate(options, CHECKS)
  if (
    typeof source !== 'string' &&
    typeof (source as Partial<typeof source> | null)?.[Symbol.asyncIterator] !== 'function'
  ) {
    throw new TypeError(
      `source must be the path of a file or an async iterable of bytes, got ${describeValue(source)}`,
    )
  }
  const { maxLineBytes = 16 * 1024 * 1024, onBadLine = 'throw' } = options
  const iterable: AsyncIterable<{ value: unknown; line: number }> = {
    [Symbol.asyncIterator]: () =>
      values(typeof source === 'string' ? fileChunks(source) : source, maxLineBytes, onBadLine),
  }
  return iterable as AsyncIterable<{ value: T; line: number }>
}

const CHECKS: Readonly<Record<keyof ReadJsonlOptions, Check>> = {
  maxLineBytes: count,
  onBadLine: either(oneOf('throw', 'skip'), aFunction),
}

async function* values(
  chunks: AsyncIterable<Uint8Array>,
  maxLineBytes: number,
  onBadLine: NonNullable<ReadJsonlOptions['onBadLine']>,
): AsyncGenerator<{ value: unknown; line: number }, void, undefined> {
  const report = (raw: RawLine, reason: BadLineError['reason']): void => {
    if (onBadLine === 'skip') return
    const error = new BadLineError(raw.line, raw.byteOffset, reason, maxLineBytes)
    if (onBadLine === 'throw') throw error
    onBadLine({ line: raw.line, excerpt: excerptOf(raw.bytes), error })
  }
  const cutter = new LineCutter(maxLineBytes)
  for await (const lines of linesOf(chunks, cutter)) {
    for (const raw of lines) {
      const result = parse(raw)
      if ('value' in result) yield { value: result.value, line: raw.line }
      else if (result.bad) report(raw, result.bad)
    }
  }
}

/**
 * Yields, for each chunk, the lines that it completes, and finally the last line. Does not yield line by line, since every step of an async iteration
 * costs time.
 */
async function* linesOf(
  chunks: AsyncIterable<Uint8Array>,
  cutter: LineCutter,
): AsyncGenerator<Iterable<RawLine>, void, undefined> {
  for await (const chunk of chunks) {
    if (!(chunk instanceof Uint8Array)) {
      throw new TypeError(
        `source must yield bytes, got a ${typeof chunk}; do not set an encoding on a stream`,
      )
    }
    yield cutter.cut(chunk)
  }
  yield cutter.end()
}

/** Parses a line. Returns its value, or the reason why it is bad, or neither for a blank line. */
function parse({ bytes, tooLong }: RawLine): { value: unknown } | { bad?: BadLineError['reason'] } {
  if (tooLong) return { bad: 'too-long' }
  let text: string
  try {
    text = strictUtf8.decode(bytes) // Removes a byte order mark.
  } catch {
    return { bad: 'not-utf8' }
  }
  try {
    return { value: JSON.parse(text) }
  } catch {
    return /\S/.test(text) ? { bad: 'not-json' } : {}
  }
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true })

function excerptOf(bytes: Uint8Array): string {
  // A character takes at most four bytes.
  return Array.from(new TextDecoder().decode(bytes.subarray(0, 800)))
    .slice(0, 200)
    .join('')
}
