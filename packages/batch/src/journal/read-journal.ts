import { fileChunks } from '../jsonl/file-chunks.ts'
import { FingerprintMismatchError } from './errors.ts'
import type { Journal } from './journal.ts'
import { scanJournal } from './scan-journal.ts'

/**
 * Finds out which results a journal has, as `openJournal()` would, but changes nothing: no lock is taken, and an incomplete last line stays. What a
 * run that uses the journal at the same time writes later is not seen.
 *
 * @param path the file
 * @param fingerprint that of the run which is about to use the journal
 * @throws FingerprintMismatchError if the journal was made with another fingerprint, or without one
 * @throws UnusableJournalError for a file that is not a journal, or is damaged; UnreadableFileError for one that cannot be read
 */
export async function readJournal(
  path: string,
  fingerprint?: string,
): Promise<Pick<Journal, 'size' | 'has'>> {
  const { header, index } = await scanJournal(path, fileChunks(path))
  if (header && header.fingerprint !== fingerprint)
    throw new FingerprintMismatchError(path, header.fingerprint, fingerprint)
  return { size: index.size, has: (id) => index.get(id) !== undefined }
}
