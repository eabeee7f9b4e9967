import { openJournal, type Journal } from '@harbor/batch'
import type { BulkAnswer } from '../bulk/bulk-request.ts'
import type { CostTable } from '../cost/cost-table.ts'
import { TOKEN_CLASSES } from '../reporting/cost-row.ts'
import { NO_LABELS } from '../reporting/labels.ts'
import { isFileSystemError, UnwritableFileError } from './failure.ts'
import { newCostTable } from './run-report.ts'

const LOST =
  ' Answers to requests in flight at that moment are not stored: --resume sends these requests again.'

/** The cache states of answers that were sent by a provider for this request. All other answers cost nothing. */
const FROM_PROVIDER: readonly BulkAnswer['cache'][] = ['miss', 'bypass']

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

/** Whether a value of the file is a number that can be added up. Another program may have written the file. */
function isAmount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value < Infinity
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
      for await (const { value } of journal) {
        const { target, usd, usage, cache = 'miss' } = Object(value) as Partial<BulkAnswer>
        const cell = table.cellOf(typeof target === 'string' ? target : '', NO_LABELS)
        cell.calls++
        if (isAmount(usd)) cell.spentUsd += usd
        if (!usage || !FROM_PROVIDER.includes(cache)) continue
        if (!isAmount(usd)) cell.unpricedCalls++
        for (const name of TOKEN_CLASSES) if (isAmount(usage[name])) cell.tokens[name] += usage[name]
      }
      return table
    },
    release: () => journal.close(),
  }
}
