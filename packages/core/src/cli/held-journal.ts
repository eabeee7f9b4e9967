import { openJournal, type Journal } from '@harbor/batch'
import type { CostTable } from '../cost/cost-table.ts'
import { isFileSystemError, UnwritableFileError } from './failure.ts'
import { countAnswer, newCostTable } from './run-costs.ts'

const LOST =
  ' Answers to requests in flight at that moment are not stored: --resume sends these requests again.'

/**
 * A journal that stays locked after its run has ended, until `release()`. It must stay locked until the file of answers
 * is renamed, which happens after the end of the run.
 */
export interface HeldJournal {
  /** The journal to pass to the run. Its `close()` does not unlock the journal. */
  readonly ofRun: Journal
  /** Returns what the stored answers cost, by target. Reads the whole file. */
  spent(): Promise<CostTable>
  /** Closes and unlocks the journal. */
  release(): Promise<void>
}

/** Opens a journal that stays locked until `release()`. @throws JournalLockedError, UnusableJournalError */
export async function holdJournal(path: string): Promise<HeldJournal> {
  const journal = await openJournal(path)
  const keepOpen = async (): Promise<void> => journal.flush()
  return {
    ofRun: {
      // The path that the user gave, not the real path: files beside the journal are found by this name.
      path,
      get size() {
        return journal.size
      },
      get fingerprint() {
        return journal.fingerprint
      },
      get key() {
        return journal.key
      },
      begin: (fingerprint) => journal.begin(fingerprint),
      has: (id) => journal.has(id),
      get: (id) => journal.get(id),
      append: (record) =>
        journal.append(record).catch((error: unknown) => {
          throw isFileSystemError(error) ? new UnwritableFileError(path, error, LOST) : error
        }),
      flush: () => journal.flush(),
      close: keepOpen,
      [Symbol.asyncDispose]: keepOpen,
      [Symbol.asyncIterator]: () => journal[Symbol.asyncIterator](),
    },
    async spent() {
      const table = newCostTable()
      for await (const { value } of journal) countAnswer(table, value)
      return table
    },
    release: () => journal.close(),
  }
}
