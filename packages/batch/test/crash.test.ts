import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { CONCURRENCY, crashAndResume, seeded } from './crash.ts'

// 50 times over 20,000 in soak/crash.soak.ts.
it('kill -9 at 10 random moments: resumed, every id has exactly one result, and only what was under way is called again', async () => {
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
}, 60_000)
