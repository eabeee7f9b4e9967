import { openJournal, type Journal } from '@harbor/batch'

/** What the coordinator does at the events of the journal. The journal is the truth: what is not in it, is not done. */
export interface JournalEvents {
  /** Called when the journal belongs to this run. @param key the key of the journal, which is the token of the run */
  onBegin(key: string): Promise<void>
  /** Called when the result of an item is as durable as configured. */
  onStored(id: string): void
  /** Called when the run has ended, while the journal is still locked. */
  onEnd(): Promise<void>
}

/**
 * Returns a journal that reports its events to the coordinator.
 *
 * @param given an open journal, or the path of one, which is opened when the run begins
 */
export function fleetJournal(given: Journal | string, events: JournalEvents): Journal {
  let journal = typeof given === 'string' ? undefined : given
  const close = async (): Promise<void> => {
    try {
      await events.onEnd()
    } finally {
      await journal?.close()
    }
  }
  return {
    get path() {
      return journal?.path ?? (given as string)
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
      if (journal.key === undefined) throw new TypeError('the journal has no key after begin()')
      await events.onBegin(journal.key)
    },
    has: (id) => journal?.has(id) === true,
    get: async (id) => journal?.get(id),
    async append(record) {
      const isWritten = await opened().append(record)
      events.onStored(record.id)
      return isWritten
    },
    flush: () => journal?.flush(),
    close,
    [Symbol.asyncDispose]: close,
    [Symbol.asyncIterator]: () => opened()[Symbol.asyncIterator](),
  }

  function opened(): Journal {
    if (!journal) throw new Error('begin() must be called before a journal is used')
    return journal
  }
}
