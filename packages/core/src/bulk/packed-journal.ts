import { openJournal, type Journal, type JournalRecord } from '@harbor/batch'
import { isRecord } from '../base/json.ts'

/** The property that holds a packed embedding. No provider sends an object as an embedding. */
const PACKED = 'float32Base64'
const FLOAT_BYTES = 4

/**
 * A journal that stores embeddings as base64 of 32-bit floats, as providers send them, instead of as decimal numbers: a quarter
 * of the bytes. Only embeddings that are exactly the same when read again are packed. Journals with unpacked embeddings can
 * still be read.
 *
 * @param given a path, which is opened when the run begins, or an open journal. Anything else is returned as it is: the runner
 * checks it
 */
export function packedJournal(given: Journal | string | undefined): Journal | string | undefined {
  if (given === undefined || given === '' || !isJournalOrPath(given)) return given
  let journal = typeof given === 'string' ? undefined : given
  return {
    get path() {
      return typeof given === 'string' ? given : given.path
    },
    get size() {
      return journal?.size ?? 0
    },
    get fingerprint() {
      return journal?.fingerprint
    },
    get key() {
      return journal?.key
    },
    async begin(fingerprint) {
      journal ??= await openJournal(given as string)
      await journal.begin(fingerprint)
    },
    has: (id) => journal?.has(id) === true,
    async get(id) {
      const record = await journal?.get(id)
      return record && mapEmbeddings(record, unpacked)
    },
    append: (record) => opened().append(mapEmbeddings(record, packed)),
    flush: () => journal?.flush(),
    close: async () => journal?.close(),
    [Symbol.asyncDispose]: async () => journal?.close(),
    async *[Symbol.asyncIterator]() {
      for await (const record of opened()) yield mapEmbeddings(record, unpacked)
    },
  }

  function opened(): Journal {
    if (!journal) throw new Error('begin() must be called before a journal is used')
    return journal
  }
}

function isJournalOrPath(value: Partial<Journal> | string): boolean {
  if (typeof value === 'string') return true
  return [value.begin, value.append, value.close].every((method) => typeof method === 'function')
}

/** Applies a function to each embedding in an answer: `value.body.data[].embedding`. */
function mapEmbeddings(record: JournalRecord, map: (embedding: unknown) => unknown): JournalRecord {
  const { value } = record
  if (!isRecord(value) || !isRecord(value['body'])) return record
  const { body } = value
  const { data } = body
  if (!Array.isArray(data)) return record
  const mapped = data.map((item: unknown) =>
    isRecord(item) && 'embedding' in item ? { ...item, embedding: map(item['embedding']) } : item,
  )
  return { ...record, value: { ...value, body: { ...body, data: mapped } } }
}

function packed(embedding: unknown): unknown {
  if (!Array.isArray(embedding) || !embedding.every(isFloat32)) return embedding
  const bytes = new DataView(new ArrayBuffer(embedding.length * FLOAT_BYTES))
  for (const [at, value] of embedding.entries()) bytes.setFloat32(at * FLOAT_BYTES, value, true)
  return { [PACKED]: Buffer.from(bytes.buffer).toString('base64') }
}

/** Whether a number survives the round trip through a 32-bit float exactly. */
function isFloat32(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && Math.fround(value) === value
}

function unpacked(embedding: unknown): unknown {
  if (!isRecord(embedding)) return embedding
  const text = embedding[PACKED]
  if (typeof text !== 'string') return embedding
  const { buffer, byteOffset, byteLength } = Buffer.from(text, 'base64')
  const bytes = new DataView(buffer, byteOffset, byteLength)
  return Array.from({ length: byteLength / FLOAT_BYTES }, (_, at) => bytes.getFloat32(at * FLOAT_BYTES, true))
}
