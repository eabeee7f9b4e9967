import { IdIndex } from '../ids/id-index.ts'
import { LineCutter, type RawLine } from '../jsonl/line-cutter.ts'
import { MAX_RECORD_BYTES } from './encode-record.ts'
import { isTornHeader, parseHeader, type Header } from './header.ts'
import type { JournalRecord } from './journal.ts'
import { UnusableJournalError } from './errors.ts'

/** The result of scanning a journal. */
export interface Scan {
  readonly header: Header | undefined
  /** The offset of the first record of each id, in bytes. */
  readonly index: IdIndex
  /** The offset after the last complete line. Bytes after it are an incomplete line, left by a crash. */
  readonly end: number
  /** Whether the last line is complete except for its line feed. */
  readonly lacksLineFeed: boolean
}

/**
 * Reads a journal once from beginning to end. Only the last line may be incomplete, if the process that wrote it was killed.
 *
 * @throws UnusableJournalError for a file that is not a journal, or has a damaged line before the last one
 */
export async function scanJournal(path: string, chunks: AsyncIterable<Uint8Array>): Promise<Scan> {
  const cutter = new LineCutter(MAX_RECORD_BYTES)
  const index = new IdIndex()
  let header: Header | undefined
  let end = 0
  let lacksLineFeed = false

  function take(raw: RawLine): void {
    if (raw.line === 1) {
      const parsed = parseHeader(decode(raw) ?? '')
      if (typeof parsed === 'string') throw new UnusableJournalError(path, parsed)
      header = parsed
    } else {
      const record = recordOf(raw)
      if (!record) throw new UnusableJournalError(path, 'damaged', { line: raw.line })
      index.add(record.id, raw.byteOffset)
    }
    end = raw.byteOffset + raw.bytes.length
  }

  for await (const chunk of chunks) {
    for (const raw of cutter.cut(chunk)) {
      take(raw)
      end++ // The line feed.
    }
  }
  for (const raw of cutter.end()) {
    const isTorn =
      raw.line === 1 ? isTornHeader(new TextDecoder().decode(raw.bytes)) : recordOf(raw) === undefined
    if (isTorn) break
    take(raw)
    lacksLineFeed = true
  }
  return { header, index, end, lacksLineFeed }
}

/** Parses a line as a record. @returns undefined if the line is not a record */
export function recordOf(raw: RawLine): JournalRecord | undefined {
  const text = decode(raw)
  if (text === undefined) return undefined
  try {
    const record = Object(JSON.parse(text)) as Partial<JournalRecord>
    const { id, index, attempts, durationMs } = record
    const isRecord =
      typeof id === 'string' && [index, attempts, durationMs].every((value) => typeof value === 'number')
    return isRecord ? (record as JournalRecord) : undefined
  } catch {
    return undefined
  }
}

function decode({ bytes, tooLong }: RawLine): string | undefined {
  if (tooLong) return undefined
  try {
    return strictUtf8.decode(bytes)
  } catch {
    return undefined
  }
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
