import { afterEach, expect, vi } from 'vitest'
import { all } from './bulk.ts'
import { freshPaths } from './folder.ts'
import type { Journal, JournalRecord } from '../src/journal/journal.ts'
import { openJournal, type JournalOptions } from '../src/journal/open-journal.ts'

export const freshPath = freshPaths()

afterEach(() => void vi.restoreAllMocks())

export const record = (id: string, value: unknown = `value of ${id}`): JournalRecord => ({
  id,
  index: 3,
  attempts: 1,
  durationMs: 12.5,
  value,
})

export async function begun(path: string, options?: JournalOptions, fingerprint?: string): Promise<Journal> {
  const journal = await openJournal(path, options)
  try {
    await journal.begin(fingerprint)
    return journal
  } catch (error) {
    await journal.close()
    throw error
  }
}

export async function withRecords(ids: readonly string[]): Promise<string> {
  const path = freshPath()
  await using journal = await begun(path)
  await Promise.all(ids.map((id) => journal.append(record(id))))
  return path
}

/** The records of a journal, which is opened and closed for it. */
export async function contentOf(path: string): Promise<JournalRecord[]> {
  await using journal = await openJournal(path)
  return await all(journal)
}

export async function failure(promise: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  return promise.then(
    () => expect.fail('nothing was thrown'),
    (error: unknown) => error as Error & Record<string, unknown>,
  )
}
