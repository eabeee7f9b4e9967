import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { expect, it } from 'vitest'
import { freshPaths } from '../../test/folder.ts'
import { openJournal } from './open-journal.ts'
import { readJournal } from './read-journal.ts'

const freshPath = freshPaths()
const record = { index: 0, attempts: 1, durationMs: 1, value: 'a' }

it('knows what a journal has that a run is using, and changes nothing: no lock is taken, and an incomplete line stays', async () => {
  const path = freshPath()
  await using journal = await openJournal(path)
  await journal.begin('prints')
  await journal.append({ id: 'a', ...record })
  await journal.append({ id: 'b', ...record })
  const torn = readFileSync(path, 'utf8').slice(0, -10)
  writeFileSync(path, torn)
  const files = readdirSync(dirname(path))
  const read = await readJournal(path, 'prints')
  expect([read.size, read.has('a'), read.has('b')]).toEqual([1, true, false])
  expect(readFileSync(path, 'utf8')).toBe(torn)
  expect(readdirSync(dirname(path))).toEqual(files)
})

it.each(['other', undefined])(
  'refuses a journal that was made with another fingerprint: %s',
  async (given) => {
    const path = freshPath()
    const journal = await openJournal(path)
    await journal.begin('prints')
    await journal.close()
    await expect(readJournal(path, given)).rejects.toMatchObject({ name: 'FingerprintMismatchError' })
  },
)

it('refuses what is no journal, and what cannot be read', async () => {
  const path = freshPath()
  await expect(readJournal(path)).rejects.toMatchObject({ name: 'UnreadableFileError' })
  writeFileSync(path, 'something else\n')
  await expect(readJournal(path)).rejects.toMatchObject({ name: 'UnusableJournalError' })
})
