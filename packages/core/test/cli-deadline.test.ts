import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { seeded } from './helpers/cli-crash.ts'
import { Bench, BULK, prompts } from './helpers/cli-process.ts'

const PRICE = ['--price', '1000,2000', '--max-tokens', '50'] as const
/** What every run of a test has in common: a batch is likely to be done within the hour. */
const BY_DEADLINE = [...PRICE, '--deadline', '1h', '--concurrency', '8'] as const

describe('harbor bulk --dry-run', () => {
  it('prints what would go where and what it costs at most, sends nothing, and writes no file', async () => {
    const bench = await Bench.with(prompts(400))
    const { code, stdout } = await bench.start(...BULK, ...BY_DEADLINE, '--dry-run').ended
    expect(code).toBe(0)
    expect(stdout).toMatch(/Batch API +openai\/gpt-4 +400 +\$\d/)
    expect(stdout).toContain('Nothing was sent.')
    expect(provider(bench)).toEqual({ calls: 0, batches: 0 })
    expect(readdirSync(bench.folder)).toEqual(['prompts.jsonl'])
  })

  it('prints the plan as data with --json, and how much does not fit into --max-cost', async () => {
    const bench = await Bench.with(prompts(100))
    const { stdout } = await bench.start(...BULK, ...BY_DEADLINE, '--max-cost', '1', '--dry-run', '--json')
      .ended
    const plan = JSON.parse(stdout) as Record<string, number>
    expect(plan).toMatchObject({ type: 'plan', requests: 100, answered: 0, unpriced: 0 })
    expect(plan['atMostUsd']).toBeLessThanOrEqual(1)
    expect(plan['mayBeLeft']).toBeGreaterThan(0)
    expect(plan['mayBeLeft']).toBeLessThan(100)
    expect(plan['usd']).toBeLessThan(plan['directUsd'] ?? 0)
  })
})

describe('harbor bulk --dry-run beside a journal', () => {
  it('counts its answers, and leaves it as it is: also an incomplete line, and without a lock', async () => {
    const bench = await Bench.with(prompts(4))
    expect((await bench.hastyBulk(...BY_DEADLINE).ended).code).toBe(0)
    const whole = bench.text('answers.jsonl.journal')
    const torn = whole.trimEnd().slice(0, -20)
    writeFileSync(bench.path('answers.jsonl.journal'), torn)
    const before = readdirSync(bench.folder)
    const { code, stdout } = await bench.bulk(...BY_DEADLINE, '--dry-run', '--resume').ended
    expect(code).toBe(0)
    expect(stdout).toContain('3 more requests have an answer already.')
    expect(bench.text('answers.jsonl.journal')).toBe(torn)
    expect(readdirSync(bench.folder)).toEqual(before)
    // A journal that another process has locked can be read.
    writeFileSync(bench.path('answers.jsonl.journal.lock'), `${process.pid}`)
    expect((await bench.bulk(...BY_DEADLINE, '--dry-run', '--resume').ended).code).toBe(0)
    expect(bench.text('answers.jsonl.journal.lock')).toBe(`${process.pid}`)
  })

  it('says that it is the journal of other requests, as the run would', async () => {
    const bench = await Bench.with(prompts(2))
    expect((await bench.hastyBulk(...BY_DEADLINE).ended).code).toBe(0)
    bench.write('prompts.jsonl', prompts(3))
    for (const more of [['--dry-run'], []]) {
      const { code, stderr } = await bench.hastyBulk(...BY_DEADLINE, '--resume', ...more).ended
      expect(stderr).toContain('answers.jsonl.journal was made from other requests')
      expect(code).toBe(2)
    }
  })
})

describe('harbor bulk --deadline with a model of unknown price', () => {
  const UNPRICED = ['bulk', 'prompts.jsonl', '--model', 'no-price', '--deadline', '1h'] as const
  const mixed = [...prompts(2), { custom_id: 'known', body: { model: 'gpt-4', messages: [] } }]

  it('says that the price is unknown, and of how many requests, and names no sum', async () => {
    const bench = await Bench.with(prompts(3))
    const { code, stdout } = await bench.start(...UNPRICED, '--dry-run').ended
    expect(code).toBe(0)
    expect(stdout).toContain('What that costs is unknown: 3 requests have no known price.')
    expect(stdout).not.toContain('$')
    expect(stdout).not.toContain('not sent:')
  })

  it('says which part of the requests the sum is without', async () => {
    const bench = await Bench.with(mixed)
    const { stdout } = await bench.start(...UNPRICED, '--dry-run').ended
    expect(stdout).toMatch(/as planned, \$\d/)
    expect(stdout).toContain('2 requests have no known price. What they cost comes on top.')
  })

  it('says with --max-cost that they are not sent because of their price, and not for lack of money', async () => {
    const bench = await Bench.with(mixed)
    const planned = await bench.start(...UNPRICED, '--max-cost', '5', '--dry-run').ended
    expect(planned.stdout).toContain('2 requests are not sent: their price is unknown, and money is limited.')
    expect(planned.stdout).not.toContain('may not fit')
    const { code, stderr } = await bench.start(...UNPRICED, '--max-cost', '5', '--out', 'answers.jsonl').ended
    expect(stderr).toContain('2 requests were left: their price is unknown, and money is limited.')
    expect(stderr).not.toContain('too little money')
    expect(code).toBe(3)
  })
})

describe('harbor bulk with an enormous number', () => {
  it.each([
    ['--rpm', '1e308'],
    ['--tpm', '1e308'],
    ['--spend-limit', '1e308'],
    ['--price', '1e308,1e308'],
    ['--max-tokens', `${Number.MAX_SAFE_INTEGER}`],
    ['--max-line-bytes', `${Number.MAX_SAFE_INTEGER}`],
    ['--concurrency', `${Number.MAX_SAFE_INTEGER}`],
    ['--max-cost', '1e308'],
    ['--deadline', '36500d'],
  ])('works, or is refused in plain words: %s %s', async (...option) => {
    const bench = await Bench.with(prompts(2))
    for (const more of [['--dry-run'], ['--via', 'auto']]) {
      const { stdout, stderr } = await bench.hastyBulk(...option, ...more).ended
      expect(`${stdout}${stderr}`).not.toMatch(/RangeError|TypeError|NaN|Infinity|\n\s+at /)
    }
  })
})

describe('harbor bulk --deadline', () => {
  it('answers most requests by the Batch API, and says what that cost', async () => {
    const bench = await Bench.with(prompts(120), { batches: { runMs: 60 } })
    const { code, stderr } = await bench.hastyBulk(...BY_DEADLINE).ended
    expect(stderr).toMatch(/Answers: Batch API 119 \(\$\d+\.\d+\), direct calls 1 /)
    expect(stderr).toMatch(/5[01] % of direct calls/)
    expect(code).toBe(0)
    expect(bench.output()).toHaveLength(120)
  })

  it('leaves what does not fit into --max-cost, says so, and continues with it', async () => {
    const bench = await Bench.with(prompts(60), { batches: { runMs: 60 } })
    const first = await bench.hastyBulk(...BY_DEADLINE, '--max-cost', '0.7').ended
    expect(first.stderr).toMatch(/\d+ requests were left, because too little money is left/)
    expect(first.code).toBe(3)
    const spent = bench.output().reduce((sum, { usd = 0 }) => sum + usd, 0)
    expect(spent).toBeLessThanOrEqual(0.7)
    expect(spent).toBeGreaterThan(0.3)
    const second = await bench.hastyBulk(...BY_DEADLINE, '--max-cost', '100', '--resume').ended
    expect(second.code).toBe(0)
    expect(bench.output().filter(({ response }) => response !== undefined)).toHaveLength(60)
  }, 60_000)

  it.each([
    ['answers.jsonl', 'and --resume reads their answers'],
    ['-', 'unread without a journal'],
  ])('says on Ctrl-C what becomes of its batches, with --out %s', async (out, fate) => {
    const bench = await Bench.with(prompts(60), { batches: { runMs: 600_000 } })
    const { child, ended } = bench.hastyBulk(...BY_DEADLINE, '--out', out)
    await expect.poll(() => provider(bench).batches).toBe(1)
    child.kill('SIGINT')
    const { code, stderr } = await ended
    expect(code).toBe(130)
    expect(stderr).toContain(
      `Stopping: calls in flight get their answers. Batches go on at the provider, ${fate}. Ctrl-C again ends at once.`,
    )
  })

  it.each([[1], [2]])(
    'submits each request once and writes one line for it, however often it is killed (seed %i)',
    async (seed) => {
      const items = 300
      const random = seeded(seed)
      const bench = await Bench.with(prompts(items), { latency: 5, batches: { runMs: 100 } })
      let kills = 0
      for (let time = 0; !existsSync(bench.path('answers.jsonl')); time++) {
        const { child, ended } = bench.hastyBulk(...BY_DEADLINE, '--resume')
        const before = bench.provider.requests().length
        // By requests, so that every step is met: the first call, the upload, the batch, its polls, its files.
        const after = before + 1 + Math.floor(random() * 5)
        const killer = setInterval(() => {
          if (time < 10 && bench.provider.requests().length >= after) child.kill('SIGKILL')
        }, 1)
        const { code, stderr } = await ended
        clearInterval(killer)
        if (code !== null && code !== 0) throw new Error(`the command failed with ${code}: ${stderr}`)
        if (code === null) kills++
      }
      expect(kills).toBeGreaterThanOrEqual(3)
      const ids = bench.output().map(({ id }) => id)
      expect(new Set(ids).size).toBe(items)
      expect(ids).toHaveLength(items)
      const submitted = await submittedIds(bench)
      expect(submitted.length).toBeGreaterThan(items / 2)
      expect(new Set(submitted).size).toBe(submitted.length)
      // Only calls that were in flight at a kill are made again.
      expect(bench.provider.counts().calls - (items - submitted.length)).toBeLessThanOrEqual(kills * 8)
    },
  )

  it('never costs more than --max-cost, however often it is killed', async () => {
    const maxUsd = 3
    const bench = await Bench.with(prompts(200), { latency: 5, batches: { runMs: 60 } })
    const command = [...BY_DEADLINE, '--max-cost', `${maxUsd}`, '--resume'] as const
    const random = seeded(3)
    let kills = 0
    for (let time = 0; time < 5; time++) {
      const { child, ended } = bench.hastyBulk(...command)
      const after = bench.provider.requests().length + 1 + Math.floor(random() * 6)
      const killer = setInterval(() => {
        if (bench.provider.requests().length >= after) child.kill('SIGKILL')
      }, 1)
      if ((await ended).code === null) kills++
      clearInterval(killer)
    }
    expect(kills).toBeGreaterThanOrEqual(2)
    const { code, stderr } = await bench.hastyBulk(...command).ended
    expect(stderr).toContain('requests were left')
    expect(code).toBe(3)
    // What the provider has answered, also to processes that were killed.
    expect(billed(bench)).toBeLessThanOrEqual(maxUsd)
    expect(billed(bench)).toBeGreaterThan(maxUsd / 2)
  }, 120_000)
})

/** What the provider would charge: calls at the price of the tests, batches at half of it. */
function billed({ provider: simulated }: Bench): number {
  const usdOf = ({ input, output }: { input: number; output: number }): number =>
    (1_000 * input + 2_000 * output) / 1_000_000
  const { tokens, batches } = simulated.counts()
  return usdOf(tokens) + usdOf(batches.tokens) / 2
}

function provider(bench: Bench): { calls: number; batches: number } {
  const { calls, batches } = bench.provider.counts()
  return { calls, batches: batches.created }
}

/** The ids of the requests of all batches. */
async function submittedIds({ provider: { baseURL } }: Bench): Promise<string[]> {
  const read = async (path: string): Promise<string> => (await fetch(`${baseURL}${path}`)).text()
  const { data } = JSON.parse(await read('/batches?limit=100')) as { data: { input_file_id: string }[] }
  const files = await Promise.all(data.map(({ input_file_id: id }) => read(`/files/${id}/content`)))
  return files.flatMap((text) =>
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => (JSON.parse(line) as { custom_id: string }).custom_id),
  )
}
