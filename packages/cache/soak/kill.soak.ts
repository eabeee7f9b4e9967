import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { seeded } from '../test/harness.ts'
import { readBack, writeUntilKilled } from '../test/kill.ts'

const ROUNDS = 75

it(`serves nothing corrupt after ${ROUNDS} times kill -9 in the middle of writing`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'harbor-cache-'))
  const file = join(folder, 'kill.sqlite')
  const random = seeded(5)
  let acknowledgedWrites = 0
  try {
    for (let round = 1; round <= ROUNDS; round++) {
      const acknowledged = await writeUntilKilled(file, round, 1 + Math.floor(random() * 400))
      const { served, unreadable } = await readBack(file)
      expect(unreadable).toBe(0)
      for (const key of acknowledged) expect(served.get(key)).toBe(round)
      acknowledgedWrites += acknowledged.size
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
  console.log({ kills: ROUNDS, acknowledgedWrites, lost: 0, corrupt: 0 })
})
