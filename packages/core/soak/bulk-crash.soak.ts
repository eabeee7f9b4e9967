import { startSimulator } from '@harbor/simulator'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { CONCURRENCY, crashAndResume, seeded } from '../test/helpers/cli-crash.ts'

const ITEMS = 20_000
const KILLS = 50

it(`harbor bulk gives each of ${ITEMS} prompts one line after kill -9 at ${KILLS} random moments`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'harbor-cli-'))
  await using simulator = await startSimulator({ providers: { openai: { latency: { min: 1, max: 8 } } } })
  try {
    const { kills, repeated, output, expected } = await crashAndResume(
      { folder, provider: simulator.provider() },
      ITEMS,
      KILLS,
      seeded(Number(process.env['SEED'] ?? 1)),
    )
    const ids = new Set(output.map((line) => (JSON.parse(line) as { id: string }).id))
    console.log({ kills, lines: output.length, ids: ids.size, repeated, atMost: kills * CONCURRENCY })
    expect(kills).toBe(KILLS)
    expect(ids.size).toBe(ITEMS)
    expect(output).toHaveLength(ITEMS)
    expect(output).toEqual(expected)
    expect(repeated).toBeLessThanOrEqual(kills * CONCURRENCY)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
