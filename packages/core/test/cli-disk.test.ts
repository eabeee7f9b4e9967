import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Bench, BULK, prompts, type Ended } from './helpers/cli-process.ts'

const COUNT = 300
const CONCURRENCY = 8
const COMMAND = [...BULK, '--concurrency', String(CONCURRENCY)] as const

/** A run on whose disk the file with this end can grow to a number of bytes. */
function withFullDisk(bench: Bench, file: string, bytes: number): Promise<Ended> {
  return bench.startAfterWith('full-disk.ts', { HARBOR_FULL_DISK: `${file}=${bytes}` }, ...COMMAND).ended
}

// Each test starts several processes, which takes long on a busy machine.
describe('a full disk', () => {
  it.each([
    ['at the first line', 0],
    ['in the middle', 70_000],
  ])('under the file of answers ends the run, and loses no answer: %s', async (_, bytes) => {
    const bench = await Bench.with(prompts(COUNT))
    const { code, stderr } = await withFullDisk(bench, '.part', bytes)
    expect(code).toBe(2)
    expect(stderr).toContain(
      'harbor: cannot write answers.jsonl.part: there is no space left on the disk.\n' +
        'harbor: Not finished. The answers so far are stored in answers.jsonl.journal',
    )
    expect(stderr).toMatch(/when there is space again, the same command with --resume continues\.\n$/)
    expect(existsSync(bench.path('answers.jsonl'))).toBe(false)
    const answered = bench.provider.counts().calls
    expect(answered).toBeGreaterThan(0)
    expect((await bench.start(...COMMAND, '--resume').ended).code).toBe(0)
    expect(bench.output()).toHaveLength(COUNT)
    // Every answer that was paid for is used.
    expect(bench.provider.counts().calls).toBe(COUNT)
  })

  it.each([
    ['at the first answer', 500],
    ['in the middle', 70_000],
  ])('under the journal ends the run, and only requests in flight are sent again: %s', async (_, bytes) => {
    const bench = await Bench.with(prompts(COUNT))
    const { code, stderr } = await withFullDisk(bench, '.journal', bytes)
    expect(code).toBe(2)
    expect(stderr).toContain(
      'harbor: cannot write answers.jsonl.journal: there is no space left on the disk. ' +
        'Answers to requests in flight at that moment are not stored: --resume sends these requests again.\n' +
        'harbor: Not finished. The answers so far are stored in answers.jsonl.journal',
    )
    expect((await bench.start(...COMMAND, '--resume').ended).code).toBe(0)
    expect(bench.output()).toHaveLength(COUNT)
    const { calls } = bench.provider.counts()
    expect(calls).toBeLessThanOrEqual(COUNT + CONCURRENCY)
  })

  const canMount = process.platform === 'linux' && process.getuid?.() === 0
  if (!canMount)
    console.warn('Only root can mount a small disk, so the test of a disk that is full is skipped.')
  it.skipIf(!canMount)(
    'under all files of a run ends it, and --resume continues when there is space',
    async () => {
      const bench = await Bench.with(prompts(COUNT))
      const disk = bench.path('disk')
      mkdirSync(disk)
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk])
      onTestFinished(() => void execFileSync('umount', ['--lazy', disk]))
      writeFileSync(`${disk}/other`, Buffer.alloc(900_000))
      const run = (...more: string[]): Promise<Ended> =>
        bench.start(
          ...['bulk', 'prompts.jsonl', '--out', 'disk/answers.jsonl', '--model', 'gpt-4'],
          ...['--concurrency', String(CONCURRENCY), ...more],
        ).ended
      const { code, stderr } = await run()
      expect(code).toBe(2)
      expect(stderr).toMatch(
        /harbor: cannot write disk\/answers\.jsonl\.\w+: there is no space left on the disk/,
      )
      expect(stderr).toMatch(/--resume continues\.\n$/)
      rmSync(`${disk}/other`)
      expect((await run('--resume')).code).toBe(0)
      expect(bench.output('disk/answers.jsonl')).toHaveLength(COUNT)
      expect(bench.provider.counts().calls).toBeLessThanOrEqual(COUNT + CONCURRENCY)
    },
  )
})

describe('a folder that cannot be written', () => {
  const isLinux = process.platform === 'linux'
  if (!isLinux) console.warn('Only Linux has a folder that root cannot write either, so its test is skipped.')
  it.skipIf(!isLinux)('ends the command with one line, before anything is sent', async () => {
    const bench = await Bench.with(prompts(2))
    // Not even root can create a file in /sys.
    const { code, stderr } = await bench.start(
      'bulk',
      'prompts.jsonl',
      '--out',
      '/sys/answers.jsonl',
      '--model',
      'gpt-4',
    ).ended
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(
        /^harbor: cannot use \/sys\/answers\.jsonl\.journal as a journal: (?:this process is not permitted|its file system)[^\n]*\n$/,
      ),
    ])
    expect(bench.provider.counts().calls).toBe(0)
  })
})
