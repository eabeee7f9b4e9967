import { openJournal, type Journal } from '@harbor/batch'
import type { BulkAnswer } from '../bulk/bulk-request.ts'

/** Of these answers somebody had to be asked; all others cost nothing. */
const ASKED: readonly BulkAnswer['cache'][] = ['miss', 'bypass']

/** The journal of a command: a run that ends does not unlock it, because the answers have yet to get their name. */
export interface HeldJournal {
  /** For one run. */
  readonly ofRun: Journal
  /** What its answers cost, in US dollars, and how many there are whose price nobody knew. Reads the whole file. */
  spent(): Promise<{ readonly usd: number; readonly unpriced: number }>
  /** Unlocks it. */
  release(): Promise<void>
}

/** @throws JournalLockedError, UnusableJournalError */
export async function holdJournal(path: string): Promise<HeldJournal> {
  const journal = await openJournal(path)
  const keepOpen = async (): Promise<void> => journal.flush()
  return {
    ofRun: {
      // As it was given: what stands beside it must be found again by the same name.
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
      append: (record) => journal.append(record),
      flush: () => journal.flush(),
      close: keepOpen,
      [Symbol.asyncDispose]: keepOpen,
      [Symbol.asyncIterator]: () => journal[Symbol.asyncIterator](),
    },
    async spent() {
      const sum = { usd: 0, unpriced: 0 }
      for await (const { value } of journal) {
        const { usd, usage, cache = 'miss' } = Object(value) as Partial<BulkAnswer>
        if (usd !== undefined) sum.usd += usd
        else if (usage && ASKED.includes(cache)) sum.unpriced++
      }
      return sum
    },
    release: () => journal.close(),
  }
}
