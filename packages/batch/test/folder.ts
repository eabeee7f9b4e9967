import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'

/** A folder for the files of one test file, and paths in it that nothing uses yet. */
export function freshPaths(): () => string {
  const folder = mkdtempSync(join(tmpdir(), 'harbor-batch-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  let files = 0
  return () => join(folder, `journal-${++files}.jsonl`)
}
