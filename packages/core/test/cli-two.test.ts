import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Bench, prompts, startHarbor, until, type CommandProcess } from './cli-process.ts'

const SLOW_RENAME = join(import.meta.dirname, 'fixtures/slow-rename.ts')

/** A command that stops before it gives its answers their name, until there is a file `go-on`. */
function slowToRename(bench: Bench, ...more: string[]): CommandProcess {
  const started = startHarbor(
    ['bulk', 'prompts.jsonl', '--out', 'answers.jsonl', '--model', 'gpt-4', ...more],
    {
      baseURL: bench.provider.baseURL,
      cwd: bench.folder,
      env: { NODE_OPTIONS: `--import=${SLOW_RENAME}` },
    },
  )
  onTestFinished(() => void started.child.kill('SIGKILL'))
  return started
}

describe('two commands with one journal', () => {
  it.each([[[]], [['--via', 'provider']]])(
    'the second is refused also while the answers of the first have yet to get their name %j',
    async (more: string[]) => {
      const bench = await Bench.with(prompts(5))
      const first = slowToRename(bench, ...more)
      await until(() => first.printed.stderr.includes('about to rename'))
      const { code, stderr } = await bench.bulk(...more, '--resume').ended
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
      expect((await bench.bulk(...more, '--resume').ended).code).toBe(0)
      expect(bench.output()).toHaveLength(5)
    },
  )

  it('the second takes over what the first was killed before giving a name', async () => {
    const bench = await Bench.with(prompts(5))
    const first = slowToRename(bench)
    await until(() => first.printed.stderr.includes('about to rename'))
    first.child.kill('SIGKILL')
    await first.ended
    expect(existsSync(bench.path('answers.jsonl'))).toBe(false)
    expect((await bench.bulk('--resume').ended).code).toBe(0)
    expect(bench.output()).toHaveLength(5)
    expect(bench.provider.counts().calls).toBe(5)
  })
})
