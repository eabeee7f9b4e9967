import { openJournal, type Journal, type JournalRecord } from '@harbor/batch'
import { isRecord, type JsonBody } from '../base/json.ts'
import { packEmbeddings, unpackEmbeddings } from '../protocols/openai-embeddings/packed-embeddings.ts'

/**
 * Returns a journal that stores embeddings as base64 of 32-bit floats, as providers send them. That takes a quarter of the space of decimal
 * numbers. An embedding is stored in this way only if it is exactly the same when read again. Journals with decimal numbers can still be
 * read.
 *
 * @param given an open journal, or the path of one, which is opened when the run begins. Any other value is returned unchanged, because the
 * run itself checks it
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
      return record && mapBody(record, unpackEmbeddings)
    },
    append: (record) => opened().append(mapBody(record, packEmbeddings)),
    flush: () => journal?.flush(),
    close: async () => journal?.close(),
    [Symbol.asyncDispose]: async () => journal?.close(),
    async *[Symbol.asyncIterator]() {
      for await (const record of opened()) yield mapBody(record, unpackEmbeddings)
    },
  }

  function opened(): Journal {
    if (!journal) throw new Error('begin() must be called before a journal is used')
    return journal
  }
}

function isJournalOrPath(value: unknown): boolean {
  const { begin, append, close } = Object(value) as Partial<Journal>
  return typeof value === 'string' || [begin, append, close].every((method) => typeof method === 'function')
}

/** Returns a record of the journal with the result of `map` as the body of its answer. */
function mapBody(record: JournalRecord, map: (body: JsonBody) => JsonBody): JournalRecord {
  const value: unknown = record.value
  if (!isRecord(value)) return record
  const answer: { readonly body?: unknown } = value
  return isRecord(answer.body) ? { ...record, value: { ...answer, body: map(answer.body) } } : record
}
