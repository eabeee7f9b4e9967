import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { CONCURRENCY, crashAndResume, seeded } from '../test/crash.ts'

const ITEMS = 20_000
const KILLS = 50

it(`gives each of ${ITEMS} ids exactly one result after kill -9 at ${KILLS} random moments`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'harbor-batch-'))
  try {
    const { kills, needless, repeated, output, expected } = await crashAndResume(
      folder,
      ITEMS,
      KILLS,
      seeded(Number(process.env.SEED ?? 1)),
    )
    console.log({ kills, results: output.length, repeated, atMost: kills * CONCURRENCY, needless })
    expect(output).toEqual(expected)
    expect(needless).toBe(0)
    expect(repeated).toBeLessThanOrEqual(kills * CONCURRENCY)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
