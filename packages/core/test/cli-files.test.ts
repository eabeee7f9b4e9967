import {
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { describe, expect, it } from 'vitest'
import { Bench, prompts, until } from './helpers/cli-process.ts'
import { gzipped } from './helpers/compressed.ts'

const START = ['bulk', 'prompts.jsonl', '--out', 'answers.jsonl', '--model', 'gpt-4'] as const
/** Lines of 3 MB in all, which a run reads in three parts. They are long, so that a change is noticed after few requests. */
const MANY = prompts(300).map(({ id, prompt }) => JSON.stringify({ id, prompt: prompt + ' '.repeat(10_000) }))

describe('an input that changes during the run', () => {
  it.each<[string, (path: string) => void]>([
    ['cut', (path) => truncateSync(path, 0)],
    ['cut in the middle', (path) => truncateSync(path, 1_500_000)],
    ['made longer', (path) => writeFileSync(path, `${JSON.stringify('more')}\n`.repeat(10), { flag: 'a' })],
    [
      'overwritten in place',
      (path) => writeFileSync(path, readFileSync(path, 'utf8').replaceAll('Question', 'Replaced')),
    ],
  ])('is noticed: %s', async (_, change) => {
    const bench = await Bench.with(MANY, { latency: 20 })
    const { ended } = bench.bulk('--concurrency', '8')
    await until(() => bench.provider.counts().calls >= 20)
    change(bench.path('prompts.jsonl'))
    const { code, stderr } = await ended
    expect(code).toBe(2)
    expect(stderr).toContain('harbor: prompts.jsonl has changed since the run began')
    expect(stderr).toMatch(
      /harbor: Not finished\. .*; once the file is as it was, the same command with --resume continues;/,
    )
    const sent = JSON.stringify(bench.provider.requests().map(({ body }) => body))
    expect(sent).not.toMatch(/Replaced|"more"/)
  })

  it('can be resumed when it is restored', async () => {
    const bench = await Bench.with(MANY.slice(0, 200), {})
    const before = readFileSync(bench.path('prompts.jsonl'))
    const { ended } = bench.bulk('--concurrency', '4')
    await until(() => bench.provider.counts().calls >= 20)
    truncateSync(bench.path('prompts.jsonl'), 0)
    expect((await ended).code).toBe(2)
    writeFileSync(bench.path('prompts.jsonl'), before)
    expect((await bench.bulk('--resume').ended).code).toBe(0)
    expect(bench.output()).toHaveLength(200)
  })

  it('is read to its end when another file takes its name, and the run reports it', async () => {
    const bench = await Bench.with(prompts(4), { latency: 250 })
    const { ended } = bench.bulk('--concurrency', '1')
    await until(() => bench.provider.counts().calls === 1)
    bench.write('other.jsonl', prompts(1))
    renameSync(bench.path('other.jsonl'), bench.path('prompts.jsonl'))
    const { code, stderr } = await ended
    expect(code).toBe(0)
    expect(stderr).toContain('harbor: prompts.jsonl has changed since. The answers belong to its content')
    expect(bench.output()).toHaveLength(4)
  })
})

describe('an input that the run itself would write', () => {
  it.each<[string, string, (bench: Bench) => void]>([
    ['its partial file', 'answers.jsonl.part', () => undefined],
    [
      'the same by another path',
      './folder/../answers.jsonl.part',
      (bench) => mkdirSync(bench.path('folder')),
    ],
    ['its journal', 'answers.jsonl.journal', () => undefined],
    ['the answers', 'answers.jsonl', () => undefined],
    ['a hard link', 'linked', (bench) => linkSync(bench.path('answers.jsonl.part'), bench.path('linked'))],
    ['a symbolic link', 'linked', (bench) => symlinkSync('answers.jsonl.part', bench.path('linked'))],
  ])('is refused, and left as it is: %s', async (_, input, prepare) => {
    const bench = await Bench.with([])
    const written = input.startsWith('answers') ? input : 'answers.jsonl.part'
    bench.write(written, prompts(3))
    prepare(bench)
    const { code, stderr } = await bench.start('bulk', input, ...START.slice(2)).ended
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(
        /^harbor: the input is answers\.jsonl[^ ]*, which the run itself writes\.[^\n]*\n$/,
      ),
    ])
    expect(bench.text(written).split('\n')).toHaveLength(4)
    expect(bench.provider.counts().calls).toBe(0)
  })
})

describe('an input that is not JSON Lines', () => {
  const KINDS: [string, string | Buffer, RegExp][] = [
    ['gzip', gzipped(MANY.join('\n')), /is compressed \(gzip\)/],
    ['UTF-16', Buffer.from(`\ufeff${MANY.join('\n')}`, 'utf16le'), /is UTF-16 or UTF-32/],
    ['an array', JSON.stringify(prompts(50), undefined, 2), /is one JSON array/],
    ['CSV', 'id,prompt\n1,What?\n2,Why?\n', /looks like CSV/],
  ]

  it.each(KINDS)('is rejected in one line, and no file is created: %s', async (_, content, expected) => {
    const bench = await Bench.with([])
    writeFileSync(bench.path('prompts.jsonl'), content)
    const { code, stderr } = await bench.bulk().ended
    expect([code, stderr]).toEqual([2, expect.stringMatching(/^harbor: prompts\.jsonl [^\n]*\n$/)])
    expect(stderr).toMatch(expected)
    expect(bench.provider.counts().calls).toBe(0)
  })

  it.each(KINDS)('is rejected on standard input, too: %s', async (_, content, expected) => {
    const bench = await Bench.with([])
    const { child, ended } = bench.start('bulk', '-', ...START.slice(2))
    child.stdin.on('error', () => undefined)
    child.stdin.end(content)
    const { code, stderr } = await ended
    expect([code, stderr]).toEqual([2, expect.stringMatching(/^harbor: standard input [^\n]*\n$/)])
    expect(stderr).toMatch(expected)
  })

  it('may have a byte order mark, CRLF and blank lines', async () => {
    const bench = await Bench.with([])
    writeFileSync(bench.path('prompts.jsonl'), '\ufeff"One?"\r\n\r\n"Two?"\r\n')
    expect((await bench.bulk().ended).code).toBe(0)
    expect(bench.output().map(({ id }) => id)).toEqual(['line-1', 'line-3'])
  })
})

describe('a line of the input', () => {
  it('is a bad line if its id is too large for a number, and no two become one', async () => {
    const bench = await Bench.with([
      '{"id":1234567890123456789,"prompt":"one"}',
      '{"id":"1234567890123456788","prompt":"two"}',
    ])
    const { code, stderr } = await bench.bulk().ended
    expect(code).toBe(1)
    expect(stderr).toMatch(
      /^harbor: line 1 has an id that is a number with more digits .* put it in quotation marks$/m,
    )
    expect(bench.output().map(({ id }) => id)).toEqual(['1234567890123456788'])
    expect(stderr).toMatch(/harbor: The answers are in answers\.jsonl\.\n$/)
  })

  it('may be as long as --max-line-bytes says', async () => {
    const long = JSON.stringify('x'.repeat(5_000))
    const bench = await Bench.with(['"short"', long])
    const { code, stderr } = await bench.bulk('--max-line-bytes', '1000').ended
    expect(code).toBe(1)
    expect(stderr).toMatch(/^harbor: line 2 \(at byte 8\) is longer than 1000 bytes: see --max-line-bytes$/m)
    expect((await bench.bulk('--resume', '--max-line-bytes', '10000').ended).code).toBe(0)
    expect(bench.output()).toHaveLength(2)
  })
})
