import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { CONCURRENCY, crashAndResume, seeded } from './crash.ts'

// 50 times over 20,000 in soak/crash.soak.ts.
it('a run killed at 10 random moments has exactly one result for every id, and calls only items in flight again', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'harbor-batch-'))
  try {
    const { kills, needless, repeated, output, expected } = await crashAndResume(folder, 3_000, 10, seeded(7))
    expect(kills).toBe(10)
    expect(output).toEqual(expected)
    expect(needless).toBe(0)
    expect(repeated).toBeLessThanOrEqual(kills * CONCURRENCY)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
