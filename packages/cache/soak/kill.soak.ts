import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { seeded } from '../test/harness.ts'
import { readBack, writeUntilKilled } from '../test/kill.ts'

const ROUNDS = 75

it(`serves every acknowledged entry, and no corrupt one, after ${ROUNDS} times kill -9 during writes`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'harbor-cache-'))
  const file = join(folder, 'kill.sqlite')
  const random = seeded(5)
  const seen = { kills: 0, acknowledged: 0, lost: 0, wrong: 0, unreadable: 0 }
  try {
    for (let round = 1; round <= ROUNDS; round++) {
      const acknowledged = await writeUntilKilled(file, round, 1 + Math.floor(random() * 400))
      const { served, wrong, unreadable } = await readBack(file)
      seen.kills++
      seen.acknowledged += acknowledged.size
      seen.lost += [...acknowledged].filter((key) => served.get(key) !== round).length
      seen.wrong += wrong
      seen.unreadable += unreadable
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
  console.log(seen)
  expect(seen).toMatchObject({ kills: ROUNDS, lost: 0, wrong: 0, unreadable: 0 })
})
