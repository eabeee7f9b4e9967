import { once } from 'node:events'
import { existsSync, lstatSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { Bench, prompts, until } from './helpers/cli-process.ts'
import { status } from './helpers/expect-failure.ts'

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8)

describe('harbor bulk with a reader of its output', () => {
  it.each(['stdout', 'stderr'] as const)('continues when the reader of %s leaves', async (name) => {
    const bench = await Bench.with(prompts(40), { latency: 150 })
    const { child, ended } = bench.startAfter(
      'short-waits.ts',
      ...['bulk', 'prompts.jsonl', '--out', 'answers.jsonl', '--model', 'gpt-4', '--concurrency', '2'],
      ...(name === 'stdout' ? ['--json'] : []),
    )
    await once(child[name], 'data')
    child[name].destroy()
    expect((await ended).code).toBe(0)
    expect(bench.output()).toHaveLength(40)
    expect(bench.provider.counts().calls).toBe(40)
  })

  it('ends normally when no reader is left', async () => {
    const bench = await Bench.with([...prompts(5), 'no JSON'], { latency: 50 })
    const { child, ended } = bench.bulk('--json')
    child.stdout.destroy()
    child.stderr.destroy()
    expect((await ended).code).toBe(1)
    expect(bench.output()).toHaveLength(5)
  })

  it('writes the answers, and nothing else, to standard output with --out -', async () => {
    const bench = await Bench.with(prompts(30))
    const { code, stdout, stderr } = await bench.start(
      'bulk',
      'prompts.jsonl',
      '--out',
      '-',
      '--model',
      'gpt-4',
    ).ended
    expect(code).toBe(0)
    const ids = stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => (JSON.parse(line) as { id: string }).id)
    expect(ids.toSorted()).toEqual(
      prompts(30)
        .map(({ id }) => id)
        .toSorted(),
    )
    expect(stderr).toContain('30 answered')
    expect(stderr).not.toContain('--resume')
  })

  it('ends when answers go to standard output and its reader leaves', async () => {
    const bench = await Bench.with(prompts(200), { latency: 20 })
    const command = bench.start(
      'bulk',
      'prompts.jsonl',
      '--out',
      '-',
      '--model',
      'gpt-4',
      '--concurrency',
      '2',
    )
    await once(command.child.stdout, 'data')
    command.child.stdout.destroy()
    const { code, stderr } = await command.ended
    expect(code).toBe(2)
    expect(stderr).toContain('standard output was closed before all answers were written')
    expect(bench.provider.counts().calls).toBeLessThan(200)
  })
})

describe('the files of harbor bulk', () => {
  it('are readable only by their owner', async () => {
    const bench = await Bench.with(prompts(4), { latency: 1_000 })
    const command = bench.bulk('--concurrency', '2')
    await until(() => existsSync(bench.path('answers.jsonl.part')))
    for (const name of ['.journal', '.journal.lock', '.part'])
      expect(modeOf(bench.path(`answers.jsonl${name}`))).toBe('600')
    expect((await command.ended).code).toBe(0)
    expect(modeOf(bench.path('answers.jsonl'))).toBe('600')
  })

  it('replace a link in place of the partial file, and leave its target as it is', async () => {
    const bench = await Bench.with(prompts(2))
    writeFileSync(bench.path('victim'), 'precious')
    symlinkSync('victim', bench.path('answers.jsonl.part'))
    expect((await bench.bulk().ended).code).toBe(0)
    expect(readFileSync(bench.path('victim'), 'utf8')).toBe('precious')
    expect(lstatSync(bench.path('answers.jsonl')).isFile()).toBe(true)
    expect(modeOf(bench.path('answers.jsonl'))).toBe('600')
    expect(bench.output()).toHaveLength(2)
  })

  it('do not replace a partial file without a journal of an earlier run', async () => {
    const bench = await Bench.with(prompts(2))
    writeFileSync(bench.path('answers.jsonl.part'), 'mine')
    const { code, stderr } = await bench.bulk().ended
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/^harbor: answers\.jsonl\.part is there, [^\n]*\n$/),
    ])
    expect(readFileSync(bench.path('answers.jsonl.part'), 'utf8')).toBe('mine')
  })

  it.each([
    ['a link to nothing', 'real/answers'],
    ['a link to a file', 'real/other.jsonl'],
  ])('are not links: %s is rejected', async (_, target) => {
    const bench = await Bench.with(prompts(2))
    mkdirSync(bench.path('real'))
    bench.write('real/other.jsonl', prompts(1))
    symlinkSync(target, bench.path('answers.jsonl'))
    const { code, stderr } = await bench.bulk().ended
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(
        /^harbor: --out must be a file, and answers\.jsonl is a symbolic link, [^\n]*\n$/,
      ),
    ])
    expect(lstatSync(bench.path('answers.jsonl')).isSymbolicLink()).toBe(true)
    expect(bench.provider.counts().calls).toBe(0)
  })

  it.each(['/dev/stdout', '/dev/null'])('are not devices: %s is rejected with what to use', async (out) => {
    const bench = await Bench.with(prompts(2))
    const { code, stderr } = await bench.start('bulk', 'prompts.jsonl', '--out', out, '--model', 'gpt-4')
      .ended
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/^harbor: --out must be a file, .* "--out -" writes to standard output\.\n$/),
    ])
  })

  it.each(['with spaces', 'ünïcødé 港', 'x'.repeat(180)])(
    'may be in a folder and have a name such as %j',
    async (name) => {
      const bench = await Bench.with(prompts(2))
      mkdirSync(bench.path(name))
      const out = `${name}/${name}`
      expect((await bench.start('bulk', 'prompts.jsonl', '--out', out, '--model', 'gpt-4').ended).code).toBe(
        0,
      )
      expect(bench.output(out)).toHaveLength(2)
    },
  )

  it('are rejected with an explanation if a name is longer than the file system allows', async () => {
    const bench = await Bench.with(prompts(2))
    const { code, stderr } = await bench.start(
      'bulk',
      'prompts.jsonl',
      '--out',
      'x'.repeat(240),
      '--model',
      'gpt-4',
    ).ended
    expect([code, stderr]).toEqual([2, expect.stringMatching(/^harbor: [^\n]*choose a shorter one\n$/)])
  })

  it('contain no key, even if a provider repeats it in its errors', async () => {
    const key = 'sk-secret-0123456789'
    const fault = { ...status(400), message: `Invalid request with key ${key}` }
    const bench = await Bench.with(prompts(1), { rules: [{ fault }] })
    const { code, stderr } = await bench.startWith({ OPENAI_API_KEY: key }).ended
    expect(code).toBe(1)
    expect(bench.output()[0]?.error?.message).toContain('Invalid request with key …')
    expect(bench.text() + bench.text('answers.jsonl.journal') + stderr).not.toContain(key)
  })

  it('are not created with a key that no header can carry', async () => {
    const bench = await Bench.with(prompts(1))
    const { code, stderr } = await bench.startWith({ OPENAI_API_KEY: 'sk-SECRET0123\n# second line' }).ended
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/^harbor: OPENAI_API_KEY contains a line break[^\n]*\n$/),
    ])
    expect(stderr).not.toContain('SECRET')
    expect(bench.provider.counts().calls).toBe(0)
  })
})

describe('a spend limit without a price', () => {
  it('leads to a message that names --price, not to that of a limit reached', async () => {
    const bench = await Bench.with(prompts(5))
    const { code, stderr } = await bench.start(
      ...['bulk', 'prompts.jsonl', '--out', 'answers.jsonl', '--model', 'house-model', '--spend-limit', '1'],
    ).ended
    expect(code).toBe(2)
    expect(stderr).toContain('that of openai/house-model is unknown. Give it with --price and --model')
    expect(stderr).toMatch(/--resume and --price continues\.\n$/)
    expect(stderr).not.toMatch(/limit was reached|`models`/)
    const priced = ['--model', 'house-model', '--spend-limit', '1', '--price', 'in=1,out=2', '--resume']
    expect((await bench.start('bulk', 'prompts.jsonl', '--out', 'answers.jsonl', ...priced).ended).code).toBe(
      0,
    )
    expect(bench.output()).toHaveLength(5)
  })
})
