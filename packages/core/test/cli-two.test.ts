import { existsSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { Bench, BULK, prompts, until } from './helpers/cli-process.ts'

describe('a second command with the same journal', () => {
  it.each([[[]], [['--via', 'provider']]])(
    'is rejected also while the answers of the first have yet to get their name %j',
    async (more: string[]) => {
      const bench = await Bench.with(prompts(5))
      const first = bench.startAfter('slow-rename.ts', ...BULK, ...more)
      await until(() => first.printed.stderr.includes('about to rename'))
      const { code, stderr } = await bench.hastyBulk(...more, '--resume').ended
      expect([code, stderr]).toEqual([
        2,
        expect.stringMatching(
          new RegExp(`^harbor: [^\\n]* is in use by process ${first.child.pid}\\.[^\\n]*\\n$`),
        ),
      ])
      writeFileSync(bench.path('go-on'), '')
      expect((await first.ended).code).toBe(0)
      expect(bench.output()).toHaveLength(5)
      expect(existsSync(bench.path('answers.jsonl.journal.lock'))).toBe(false)
      expect((await bench.hastyBulk(...more, '--resume').ended).code).toBe(0)
      expect(bench.output()).toHaveLength(5)
    },
  )

  it('finishes the answers that the first was killed before naming', async () => {
    const bench = await Bench.with(prompts(5))
    const first = bench.startAfter('slow-rename.ts', ...BULK)
    await until(() => first.printed.stderr.includes('about to rename'))
    first.child.kill('SIGKILL')
    await first.ended
    expect(existsSync(bench.path('answers.jsonl'))).toBe(false)
    expect((await bench.bulk('--resume').ended).code).toBe(0)
    expect(bench.output()).toHaveLength(5)
    expect(bench.provider.counts().calls).toBe(5)
  })
})
