import type { FileHandle } from 'node:fs/promises'
import type { IdIndex } from '../ids/id-index.ts'
import { fileChunks } from '../jsonl/file-chunks.ts'
import { LineCutter } from '../jsonl/line-cutter.ts'
import { encodeRecord, MAX_RECORD_BYTES } from './encode-record.ts'
import { FingerprintMismatchError, JournalLockedError, UnusableJournalError } from './errors.ts'
import { GroupWriter, type GroupSettings } from './group-writer.ts'
import { encodeHeader, type Header } from './header.ts'
import type { Journal, JournalRecord } from './journal.ts'
import { LineReader } from './line-reader.ts'
import { recordOf } from './scan-journal.ts'

/** An open and locked journal file. */
interface OpenFile {
  readonly path: string
  readonly file: FileHandle
  readonly unlock: () => Promise<void>
  readonly settings: GroupSettings
  readonly header: Header | undefined
  readonly index: IdIndex
  readonly end: number
}

/** A journal in a file. Only the ids and the offsets of records are in memory; a record is read from the file when it is requested. */
export class FileJournal implements Journal {
  readonly path: string
  readonly #open: OpenFile
  readonly #index: IdIndex
  readonly #writer: GroupWriter
  readonly #lines: LineReader
  #header: Header | undefined
  /** The offset in the file at which the next record will be written, after all buffered records. */
  #next: number
  #hasBegun = false
  #closing: Promise<void> | undefined

  constructor(open: OpenFile) {
    this.path = open.path
    this.#open = open
    this.#index = open.index
    this.#header = open.header
    this.#next = open.end
    this.#writer = new GroupWriter(open.file, open.end, open.settings)
    this.#lines = new LineReader(open.file)
  }

  get size(): number {
    return this.#index.size
  }

  get fingerprint(): string | undefined {
    return this.#header?.fingerprint
  }

  get key(): string | undefined {
    return this.#header?.key
  }

  async begin(fingerprint: string | undefined): Promise<void> {
    this.#refuseIfClosed()
    if (this.#header && this.#header.fingerprint !== fingerprint) {
      throw new FingerprintMismatchError(this.path, this.#header.fingerprint, fingerprint)
    }
    if (this.#hasBegun) throw new JournalLockedError(this.path, { pid: process.pid, is: 'this' })
    this.#hasBegun = true
    if (this.#header) return
    const header = { key: crypto.randomUUID(), fingerprint }
    const written = this.#write(encodeHeader(header))
    this.#writer.flush()
    await written
    this.#header = header
  }

  has(id: string): boolean {
    return this.#index.get(id) !== undefined
  }

  async get(id: string): Promise<JournalRecord | undefined> {
    this.#refuseIfClosed()
    const at = this.#index.get(id)
    if (at === undefined) return undefined
    if (at >= this.#writer.end) await this.#writer.drained()
    const record = recordOf({ line: 0, byteOffset: at, bytes: await this.#lines.read(at), tooLong: false })
    if (record?.id !== id) throw new UnusableJournalError(this.path, 'changed')
    return record
  }

  async append(record: JournalRecord): Promise<boolean> {
    this.#refuseIfClosed()
    if (!this.#header) throw new Error('begin() comes before append(): a record needs a first line before it')
    if (this.has(record.id)) return false
    const line = encodeRecord(record)
    this.#index.add(record.id, this.#next)
    await this.#write(line)
    return true
  }

  flush(): void {
    this.#writer.flush()
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** Yields the first record of each id, in the order in which they were written. */
  async *[Symbol.asyncIterator](): AsyncGenerator<JournalRecord, void, undefined> {
    this.#refuseIfClosed()
    await this.#writer.drained()
    const { end } = this.#writer
    const cutter = new LineCutter(MAX_RECORD_BYTES)
    for await (const chunk of fileChunks(this.path)) {
      for (const raw of cutter.cut(chunk)) {
        if (raw.byteOffset >= end) return
        if (raw.line === 1) continue
        const record = recordOf(raw)
        if (!record) throw new UnusableJournalError(this.path, 'damaged', { line: raw.line })
        if (this.#index.get(record.id) === raw.byteOffset) yield record
      }
    }
  }

  #write(line: string): Promise<void> {
    this.#next += Buffer.byteLength(line)
    return this.#writer.write(line)
  }

  #refuseIfClosed(): void {
    if (this.#closing) throw new Error(`${this.path} is closed. Open it again with openJournal().`)
  }

  async #close(): Promise<void> {
    try {
      await this.#writer.drained()
      await this.#open.file.close()
    } finally {
      await this.#open.unlock()
    }
  }
}
