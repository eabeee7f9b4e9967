import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

it('a run of 1,000,000 items at concurrency 64 grows memory by less than 64 MB, and never reads further ahead than configured', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--expose-gc',
    '--conditions=@harbor/source',
    join(import.meta.dirname, 'fixtures', 'million.ts'),
  ])
  const { taken, aheadAtMost, grownBytes } = JSON.parse(stdout) as Record<string, number>
  expect(taken).toBe(1_000_000)
  expect(grownBytes).toBeLessThan(64 * 2 ** 20)
  // 64 in flight, 64 read ahead, and results that wait for their consumer: at most 63 before no more are started, plus
  // the 64 then in flight.
  expect(aheadAtMost).toBeLessThanOrEqual(64 + 64 + 63)
})
