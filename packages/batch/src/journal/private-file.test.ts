import { chmodSync, statSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { freshPaths } from '../../test/folder.ts'
import { fileState } from '../provider/state/state-file.ts'
import { openJournal } from './open-journal.ts'

const freshPath = freshPaths()
const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8)

/** Runs an action with another umask of the process. */
async function withUmask(mask: number, action: () => Promise<void>): Promise<void> {
  const before = process.umask(mask)
  try {
    await action()
  } finally {
    process.umask(before)
  }
}

describe('files of a run', () => {
  it.each([0o000, 0o002, 0o022, 0o077])('are readable only by their owner, with umask %o', async (mask) => {
    await withUmask(mask, async () => {
      const path = freshPath()
      const journal = await openJournal(path)
      expect([modeOf(path), modeOf(`${path}.lock`)]).toEqual(['600', '600'])
      await journal.close()
      const state = fileState(`${path}.batches`)
      const unlock = await state.lock?.()
      expect([modeOf(`${path}.batches`), modeOf(`${path}.batches.lock`)]).toEqual(['600', '600'])
      await unlock?.()
      const other = fileState(`${path}.other`)
      await other.append({ type: 'finished' })
      expect(modeOf(`${path}.other`)).toBe('600')
    })
  })

  it.each([0o644, 0o664, 0o666])('become private when an older one has mode %o', async (mode) => {
    const path = freshPath()
    writeFileSync(path, '')
    chmodSync(path, mode)
    await (await openJournal(path)).close()
    expect(modeOf(path)).toBe('600')
  })
})
