import { chmodSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { Bench, prompts } from './helpers/cli-process.ts'

const GOOD = prompts(3).map((prompt) => JSON.stringify(prompt))

describe('a bad line', () => {
  const LINES = [
    GOOD[0],
    'no JSON',
    GOOD[1],
    '{"prompt":7}',
    '[]',
    GOOD[1],
    '{"id":"line-3","prompt":"x"}',
    GOOD[2],
  ]
  const NUMBERS = [2, 4, 5, 6, 7]

  it('is reported by its number and left out; the others are answered, and the exit code is 1', async () => {
    const bench = await Bench.with(LINES)
    const { code, stderr } = await bench.bulk().ended
    expect(code).toBe(1)
    expect([...stderr.matchAll(/^harbor: line (\d+) /gm)].map(([, number]) => Number(number))).toEqual(
      NUMBERS,
    )
    expect(stderr).toContain('3 answered · 5 bad lines')
    expect(bench.output().map(({ id }) => id)).toEqual(['q-0', 'q-1', 'q-2'])
  })

  it('is reported for standard input, too', async () => {
    const bench = await Bench.with([])
    const { child, ended } = bench.start('bulk', '-', '--out', 'answers.jsonl', '--model', 'gpt-4')
    child.stdin.end(LINES.join('\n'))
    const { code, stderr } = await ended
    expect(code).toBe(1)
    expect([...stderr.matchAll(/^harbor: line (\d+) /gm)].map(([, number]) => Number(number))).toEqual(
      NUMBERS,
    )
    expect(bench.output()).toHaveLength(3)
  })

  it('may be not UTF-8, or too long', async () => {
    const bench = await Bench.with([])
    const long = JSON.stringify('x'.repeat(17 * 1024 * 1024))
    const bytes = [Buffer.from(`${GOOD[0]}\n"`), Buffer.from([0xff]), Buffer.from(`"\n${long}\n${GOOD[1]}`)]
    writeFileSync(bench.path('prompts.jsonl'), Buffer.concat(bytes))
    const { code, stderr } = await bench.bulk().ended
    expect(code).toBe(1)
    expect(stderr).toMatch(/^harbor: line 2 .* is not valid UTF-8$/m)
    expect(stderr).toMatch(/^harbor: line 3 .* is longer than \d+ bytes/m)
    expect(bench.output()).toHaveLength(2)
  })

  it('ends the run before anything is sent, with --stop-on-bad-line and a file', async () => {
    const bench = await Bench.with(LINES)
    const { code, stderr } = await bench.bulk('--stop-on-bad-line').ended
    expect(code).toBe(1)
    expect(stderr).toMatch(/^harbor: line 2 .* is not valid JSON\nharbor: Nothing was sent\..*\n$/)
    expect(readdirSync(bench.folder)).toEqual(['prompts.jsonl'])
    expect(bench.provider.counts().calls).toBe(0)
  })

  it('ends the run where it is, with --stop-on-bad-line and standard input; sent requests have their answers', async () => {
    const bench = await Bench.with([], { latency: 50 })
    const args = ['bulk', '-', '--out', 'answers.jsonl', '--model', 'gpt-4', '--stop-on-bad-line']
    const first = bench.start(...args)
    first.child.stdin.end(LINES.join('\n'))
    const { code, stderr } = await first.ended
    expect(code).toBe(1)
    expect(stderr).toContain('--resume continues')
    expect(existsSync(bench.path('answers.jsonl'))).toBe(false)
    const second = bench.start(...args, '--resume')
    second.child.stdin.end(GOOD.join('\n'))
    expect((await second.ended).code).toBe(0)
    expect(bench.output()).toHaveLength(3)
    expect(bench.provider.counts().calls).toBe(3)
  })
})

describe('a run that cannot start', () => {
  const START = ['bulk', 'prompts.jsonl', '--out', 'answers.jsonl'] as const
  const MODEL = ['--model', 'gpt-4'] as const

  it.each<[string, readonly string[], RegExp]>([
    [
      'a file that is missing',
      ['bulk', 'nope.jsonl', ...START.slice(2), ...MODEL],
      /cannot read nope\.jsonl: there is no such file/,
    ],
    [
      'a directory for the input',
      ['bulk', '.', ...START.slice(2), ...MODEL],
      /cannot read \.: it is a directory/,
    ],
    [
      'a directory for the output',
      [...START.slice(0, 2), '--out', '.', ...MODEL],
      /--out must be a file, and \. is a directory/,
    ],
    [
      'a folder that is missing',
      [...START.slice(0, 2), '--out', 'no/a.jsonl', ...MODEL],
      /the folder of --out does not exist/,
    ],
    ['a request without a model', START, /line 1 names no model\. Give --model/],
    ['a limit of 0', [...START, ...MODEL, '--rpm', '0'], /--rpm must be a number above 0, got 0/],
    ['an unknown option', [...START, ...MODEL, '--concurency', '3'], /Did you mean --concurrency\?/],
    ['an unknown command', ['bluk'], /there is no command bluk\. Did you mean bulk\?/],
    ['a chain that makes no sense', [...START, ...MODEL, '--fallback', 'gpt-4o,gpt-4o'], /fallback/],
    ['no input at all', ['bulk', '--out', 'a'], /the requests are missing/],
  ])('reports it in one line, exits with 2 and creates no file: %s', async (_, args, message) => {
    const bench = await Bench.with(GOOD)
    const { code, stderr, stdout } = await bench.start(...args).ended
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(message)
    expect(stderr).toMatch(/^harbor: [^\n]*\n$/)
    expect(readdirSync(bench.folder)).toEqual(['prompts.jsonl'])
    expect(bench.provider.counts().calls).toBe(0)
  })

  it('answers what was sent before a line without a model in standard input', async () => {
    const bench = await Bench.with([])
    const { child, ended } = bench.start('bulk', '-', '--out', 'answers.jsonl')
    const messages = [{ role: 'user', content: 'Hi' }]
    child.stdin.end(`${JSON.stringify({ model: 'gpt-4', messages })}\n"no model"\n`)
    const { code, stderr } = await ended
    expect(code).toBe(2)
    expect(stderr).toContain('harbor: line 2 names no model. Give --model')
    expect(bench.output('answers.jsonl.part')).toHaveLength(1)
    expect(existsSync(bench.path('answers.jsonl'))).toBe(false)
  })

  it('leaves a journal that is none as it is', async () => {
    const bench = await Bench.with(GOOD)
    bench.write('answers.jsonl.journal', ['somebody’s notes'])
    const { code, stderr } = await bench.bulk('--resume').ended
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/^harbor: cannot use .*\.journal as a journal: [^\n]*\n$/),
    ])
    expect(bench.text('answers.jsonl.journal')).toBe('somebody’s notes\n')
    expect(readdirSync(bench.folder)).toEqual(['answers.jsonl.journal', 'prompts.jsonl'])
  })

  it('rejects a journal that is a directory, or in a folder that cannot be written', async () => {
    const bench = await Bench.with(GOOD)
    mkdirSync(bench.path('answers.jsonl.journal'))
    const first = await bench.bulk('--resume').ended
    expect([first.code, first.stderr]).toEqual([
      2,
      expect.stringMatching(/^harbor: cannot use [^\n]* it is a directory[^\n]*\n$/),
    ])
    // Root can write everywhere, but not through a link that leads nowhere.
    symlinkSync('/nowhere/at/all', bench.path('lost.jsonl.journal'))
    const { code, stderr } = await bench.start(...START.slice(0, 2), '--out', 'lost.jsonl', ...MODEL).ended
    expect([code, stderr]).toEqual([2, expect.stringMatching(/^harbor: cannot use [^\n]*\n$/)])
  })

  const readsAll = process.getuid?.() === 0
  if (readsAll)
    console.warn('This user may read every file, so the test of one that may not be read is skipped.')
  it.skipIf(readsAll)('rejects a file that may not be read', async () => {
    const bench = await Bench.with(GOOD)
    chmodSync(bench.path('prompts.jsonl'), 0)
    const { code, stderr } = await bench.bulk().ended
    expect([code, stderr]).toEqual([2, expect.stringContaining('not permitted to read it')])
  })

  it('rejects an existing run without --resume, and leaves it as it is', async () => {
    const bench = await Bench.with(GOOD)
    expect((await bench.bulk().ended).code).toBe(0)
    const before = [bench.text(), bench.text('answers.jsonl.journal')]
    const { code, stderr } = await bench.bulk().ended
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/is there already\. Continue that run with --resume/),
    ])
    expect([bench.text(), bench.text('answers.jsonl.journal')]).toEqual(before)
  })

  it.each([
    ['another model', ['--model', 'gpt-5'], GOOD],
    ['another system message', ['--system', 'Be brief.'], GOOD],
    ['other lines', [], [...GOOD.slice(0, 2), '{"id":"q-2","prompt":"Another question?"}']],
  ])('rejects a resumption with %s, whose answers would differ', async (_, more, lines) => {
    const bench = await Bench.with(GOOD)
    expect((await bench.bulk().ended).code).toBe(0)
    bench.write('prompts.jsonl', lines)
    const { code, stderr } = await bench.bulk('--resume', ...more).ended
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/^harbor: [^\n]* was made from other requests, or with another --model[^\n]*\n$/),
    ])
    expect(bench.provider.counts().calls).toBe(3)
  })

  it('rejects a second run over one journal at the same time', async () => {
    const bench = await Bench.with(GOOD, { latency: 600_000 })
    const first = bench.bulk()
    while (bench.provider.counts().calls < 3) await new Promise((resolve) => setTimeout(resolve, 5))
    const second = await bench.bulk('--resume').ended
    expect([second.code, second.stderr]).toEqual([
      2,
      expect.stringMatching(/^harbor: [^\n]* is in use by process \d+\.[^\n]*\n$/),
    ])
    // The connections of the first run are cut, so that it asks again.
    bench.provider.script({})
    await bench.provider.down()
    await bench.provider.up()
    expect((await first.ended).code).toBe(0)
    expect(bench.output()).toHaveLength(3)
  })
})
