import { existsSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { BulkRequest } from '../src/index.ts'
import { Bench, prompts, until } from './helpers/cli-process.ts'
import { status } from './helpers/expect-failure.ts'
import { harborFor } from './helpers/harbor-for.ts'

describe('harbor bulk', () => {
  it('answers every prompt as a call of the client would, and writes a journal beside the answers', async () => {
    const bench = await Bench.with(prompts(40))
    const { code, stderr, stdout } = await bench.bulk('--price', '1000,2000').ended
    expect([code, stdout]).toEqual([0, ''])
    expect(stderr).toContain('40 answered')
    const harbor = harborFor(bench.provider)
    const expected = await Promise.all(
      prompts(40).map(async ({ id, prompt }) => {
        const messages = [{ role: 'user' as const, content: prompt }]
        const response = await harbor.chat.completions.create({ model: 'gpt-4', messages })
        return { id, custom_id: id, response, target: 'openai/gpt-4' }
      }),
    )
    const output = bench.output()
    expect(output.map(({ usage: _, usd: __, ...rest }) => rest)).toEqual(
      expected.toSorted((one, other) => (one.id < other.id ? -1 : 1)),
    )
    const usd = ({ inputTokens, outputTokens }: Tokens): number => inputTokens / 1_000 + outputTokens / 500
    for (const line of output) expect(line.usd).toBeCloseTo(usd(line.usage as Tokens), 9)
    expect(existsSync(bench.path('answers.jsonl.journal'))).toBe(true)
    expect(existsSync(bench.path('answers.jsonl.part'))).toBe(false)
  })

  it('sends texts, prompts, bodies and lines of the Batch API, each to its endpoint', async () => {
    const batchLine: BulkRequest = {
      custom_id: 'b',
      method: 'POST',
      url: '/v1/responses',
      body: { model: 'gpt-5', input: 'Four?' },
    }
    const bench = await Bench.with([
      '"One?"',
      { prompt: 'Two?' },
      '',
      { id: 7, messages: [{ role: 'user', content: 'Three?' }] },
      batchLine,
      { model: 'text-embedding-3-small', input: 'five' },
      { input: 'Six?' },
    ])
    const { code } = await bench.bulk('--system', 'Be brief.', '--max-tokens', '5').ended
    expect(code).toBe(0)
    expect(bench.output()).toMatchObject([
      { id: '7', custom_id: '7', response: { object: 'chat.completion' } },
      { id: 'b', custom_id: 'b', response: { object: 'response', model: 'gpt-5' } },
      { id: 'line-1', line: 1, response: { object: 'chat.completion', model: 'gpt-4' } },
      { id: 'line-2', line: 2, response: { object: 'chat.completion' } },
      { id: 'line-6', line: 6, response: { object: 'list' } },
      { id: 'line-7', line: 7, response: { object: 'response' } },
    ])
    const bodies = bench.provider.requests().map(({ body }) => JSON.stringify(body))
    expect(bodies.filter((body) => body.includes('Be brief.'))).toHaveLength(2)
    expect(bodies.filter((body) => /"max_(?:completion_|output_)?tokens":5/.test(body))).toHaveLength(5)
  })

  it('reads standard input, whose length is unknown', async () => {
    const bench = await Bench.with([])
    const { child, ended } = bench.start('bulk', '-', '--out', 'answers.jsonl', '--model', 'gpt-4')
    for (const prompt of prompts(25)) child.stdin.write(`${JSON.stringify(prompt)}\n`)
    child.stdin.end()
    expect((await ended).code).toBe(0)
    expect(bench.output()).toHaveLength(25)
  })

  it('writes an empty file of answers for an empty input', async () => {
    const bench = await Bench.with([])
    expect((await bench.bulk().ended).code).toBe(0)
    expect(bench.text()).toBe('')
  })

  it('writes a failed request to the output, continues, exits with 1, and sends it again with --resume', async () => {
    const rules = [{ when: { says: 'Question 3?' }, fault: status(400) }]
    const bench = await Bench.with(prompts(10), { rules })
    const first = await bench.bulk().ended
    expect(first.code).toBe(1)
    expect(first.stderr).toContain('9 answered · 1 failed')
    expect(bench.output()).toHaveLength(10)
    expect(bench.output()[3]).toMatchObject({
      id: 'q-3',
      custom_id: 'q-3',
      error: { name: 'BadRequestError', status: 400 },
      target: 'openai/gpt-4',
    })
    bench.provider.script({})
    bench.provider.reset()
    const second = await bench.bulk('--resume').ended
    expect(second.code).toBe(0)
    expect(second.stderr).toContain('10 answered (9 before)')
    expect(bench.provider.counts().calls).toBe(1)
    expect(bench.output().every(({ response }) => response !== undefined)).toBe(true)
  })

  it('falls back to other models', async () => {
    const rules = [{ when: { model: 'gpt-4' }, fault: status(404) }]
    const bench = await Bench.with(prompts(3), { rules })
    expect((await bench.bulk('--fallback', 'gpt-4o, gpt-3.5-turbo').ended).code).toBe(0)
    expect(bench.output().map(({ target }) => target)).toEqual(Array(3).fill('openai/gpt-4o'))
  })

  it('sends identical requests once, with --cache', async () => {
    const bench = await Bench.with(Array.from({ length: 12 }, (_, at) => `"Question ${at % 3}?"`))
    expect((await bench.bulk('--cache').ended).code).toBe(0)
    expect(bench.provider.counts().calls).toBe(3)
    expect(bench.output()).toHaveLength(12)
  })

  it('stays within --concurrency and --rpm', async () => {
    const bench = await Bench.with(prompts(12), { latency: 10, limits: { concurrency: 2 } })
    expect((await bench.bulk('--concurrency', '2').ended).code).toBe(0)
    expect(bench.provider.counts().byStatus).toEqual({ 200: 12 })
    bench.provider.script({})
    bench.provider.reset()
    const slowly = ['--out', 'slowly.jsonl', '--rpm', '400']
    expect((await bench.start('bulk', 'prompts.jsonl', '--model', 'gpt-4', ...slowly).ended).code).toBe(0)
    const at = bench.provider.requests().map((request) => request.at)
    // 400 a minute are 150 ms each. A request that waits to be accepted arrives later than it was sent, so the distance may be shorter by
    // several of these; without the limit all of them would arrive at once.
    expect(Math.max(...at) - Math.min(...at)).toBeGreaterThanOrEqual(11 * 75)
  })

  it('exits with 3 before it costs more than the spend limit, and continues with a higher one', async () => {
    const bench = await Bench.with(prompts(50))
    const money = ['--price', '1000,2000', '--max-tokens', '40']
    const first = await bench.bulk(...money, '--spend-limit', '2', '--concurrency', '2').ended
    expect(first.code).toBe(3)
    expect(first.stderr).toContain('the spend limit was reached')
    expect(existsSync(bench.path('answers.jsonl'))).toBe(false)
    expect(bench.provider.counts().calls).toBeGreaterThan(5)
    expect(spentIn(bench, 'answers.jsonl.part')).toBeLessThanOrEqual(2)
    // The request in flight when the first run ended may have cost less than what was reserved for it. That pays for a few more.
    const rest = await bench.bulk(...money, '--resume', '--spend-limit', '2', '--concurrency', '1').ended
    expect(rest.code).toBe(3)
    expect(rest.stderr).toMatch(
      /^harbor: \$1\.\d\d of the spend limit was spent on answers of earlier runs\.$/m,
    )
    expect(spentIn(bench, 'answers.jsonl.part')).toBeLessThanOrEqual(2)
    const { calls } = bench.provider.counts()
    expect(calls).toBeLessThan(50)
    expect(bench.output('answers.jsonl.part').filter(({ usd }) => usd !== undefined)).toHaveLength(calls)
    expect((await bench.bulk(...money, '--resume').ended).code).toBe(0)
    expect(bench.output()).toHaveLength(50)
    expect(bench.provider.counts().calls).toBe(50)
  })

  it('counts the cost of earlier runs with the journal against the limit, and finishes when no requests are left', async () => {
    const bench = await Bench.with(prompts(30))
    const money = ['--price', '1000,2000', '--max-tokens', '40']
    const part = bench.bulk(...money, '--concurrency', '1')
    await until(() => bench.provider.counts().calls >= 10)
    part.child.kill('SIGINT')
    await part.ended
    const spent = spentIn(bench, 'answers.jsonl.part')
    const limit = spent + 0.5
    expect((await bench.bulk(...money, '--resume', '--spend-limit', String(limit)).ended).code).toBe(3)
    const after = spentIn(bench, 'answers.jsonl.part')
    expect(after).toBeGreaterThan(spent)
    expect(after).toBeLessThanOrEqual(limit)

    expect((await bench.bulk(...money, '--resume').ended).code).toBe(0)
    const { calls } = bench.provider.counts()
    const nothingLeft = await bench.bulk(...money, '--resume', '--spend-limit', '0.01').ended
    expect(nothingLeft.code).toBe(0)
    expect(bench.output()).toHaveLength(30)
    expect(bench.provider.counts().calls).toBe(calls)
  })

  it('reports how many answers a spend limit cannot count, since their price is unknown', async () => {
    const bench = await Bench.with(prompts(3))
    const unlisted = ['bulk', 'prompts.jsonl', '--out', 'answers.jsonl', '--model', 'unlisted']
    expect((await bench.start(...unlisted, '--cache').ended).code).toBe(0)
    const { code, stderr } = await bench.start(...unlisted, '--resume', '--spend-limit', '1').ended
    expect(code).toBe(0)
    expect(stderr).toContain('harbor: 3 answers of earlier runs have no known price, and are not counted.')
  })

  it('writes progress and summary as JSON lines to standard output, with --json', async () => {
    const bench = await Bench.with([...prompts(8), 'no JSON'], { latency: 1_500 })
    const { code, stdout } = await bench.bulk('--json', '--price', '1000,2000').ended
    const lines = stdout.split('\n').slice(0, -1)
    const [bad, ...told] = lines.map((line) => JSON.parse(line) as { type: string })
    const summary = told.pop()
    expect(code).toBe(1)
    expect(bad).toMatchObject({ type: 'bad-line', problem: expect.stringMatching(/^line 9 /) as string })
    expect(told[0]).toMatchObject({ type: 'progress', total: 8, inFlight: 8, ok: 0 })
    expect(summary).toMatchObject({ type: 'summary', exitCode: 1, ok: 8, failed: 0, badLines: 1 })
    expect(summary).toHaveProperty('usd', expect.any(Number))
  })

  it('reports progress in plain lines without a terminal', async () => {
    const bench = await Bench.with(prompts(2), { latency: 800 })
    const { code, stderr } = await bench.hastyBulk().ended
    expect(code).toBe(0)
    expect(stderr).toMatch(/^░{20} 0 % 0\/2 · 0\/min · [0-2] in flight/)
    // eslint-disable-next-line no-control-regex -- that is what must not be there
    expect(stderr).not.toMatch(/[\r\u001b]/)
  })

  it("goes through the provider's Batch API, with --via provider", async () => {
    const bench = await Bench.with(prompts(12))
    const { code } = await bench.hastyBulk('--via', 'provider', '--price', '1000,2000').ended
    expect(code).toBe(0)
    expect(bench.provider.counts().batches).toMatchObject({ created: 1, lines: 12 })
    const batched = bench.output()
    const direct = await bench.start(
      ...['bulk', 'prompts.jsonl', '--out', 'direct.jsonl', '--model', 'gpt-4', '--price', '1000,2000'],
    ).ended
    expect(direct.code).toBe(0)
    const full = bench.output('direct.jsonl')
    const choices = (line: { response?: unknown }): unknown => (line.response as { choices: unknown }).choices
    expect(batched.map(choices)).toEqual(full.map(choices))
    for (const [place, { usd = NaN }] of batched.entries())
      expect(usd).toBeCloseTo((full[place]?.usd ?? 0) / 2, 9)
  })

  it('submits only failures again, with --via provider and --resume', async () => {
    const rules = [{ when: { batch: 1 }, fault: { type: 'errors', share: 0.25 } as const }]
    const bench = await Bench.with(prompts(12), { batches: { rules } })
    const first = await bench.hastyBulk('--via', 'provider').ended
    expect(first.code).toBe(1)
    expect(first.stderr).toContain('9 answered · 3 failed')
    expect(first.stderr).toContain('--resume sends the failed requests again')
    expect(bench.output().filter(({ error }) => error)).toHaveLength(3)
    const second = await bench.hastyBulk('--via', 'provider', '--resume').ended
    expect(second.code).toBe(0)
    expect(second.stderr).toContain('12 answered (9 before)')
    expect(bench.output().every(({ response }) => response !== undefined)).toBe(true)
    expect(bench.provider.counts().batches).toMatchObject({ created: 2, lines: 12 + 3 })
  })

  it('prints its help without arguments', async () => {
    const bench = await Bench.with([])
    for (const args of [[], ['--help'], ['help'], ['bulk', '--help']]) {
      const { code, stdout } = await bench.start(...args).ended
      expect([code, stdout.split('\n')[0]]).toEqual([0, expect.stringContaining('many requests')])
    }
    expect((await bench.start('--version').ended).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })

  it('rejects an existing output without a journal', async () => {
    const bench = await Bench.with(prompts(1))
    writeFileSync(bench.path('answers.jsonl'), 'mine')
    for (const more of [[], ['--resume']]) {
      const { code, stderr } = await bench.bulk(...more).ended
      expect([code, stderr]).toEqual([2, expect.stringContaining('answers.jsonl is there')])
    }
    expect(bench.text()).toBe('mine')
    expect(bench.provider.counts().calls).toBe(0)
  })
})

function spentIn(bench: Bench, name: string): number {
  return bench.output(name).reduce((sum, { usd = 0 }) => sum + usd, 0)
}

interface Tokens {
  readonly inputTokens: number
  readonly outputTokens: number
}
