import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { CostRow } from '../src/index.ts'
import { Bench, prompts, until, type CommandProcess } from './helpers/cli-process.ts'
import { status } from './helpers/expect-failure.ts'
import { hasTerminals, startInTerminal } from './helpers/terminal.ts'

const PRICE = ['--price', '1000,2000'] as const

/** The lines of the table in what a command has printed. */
function tableIn(stderr: string): string[] {
  const lines = stderr.split('\n')
  const from = lines.findIndex((line) => line.startsWith('target'))
  return lines.slice(from, lines.findIndex((line, at) => at > from && line.startsWith('total')) + 1)
}

/** The numbers of a CSV file, by the target and the name of the column. */
function csvIn(text: string): Record<string, Record<string, number>> {
  const [header = [], ...rows] = text.split('\r\n').map((line) => line.split(','))
  return Object.fromEntries(
    rows
      .filter(([target]) => target)
      .map(([target = '', ...values]) => [
        target,
        Object.fromEntries(values.map((value, at) => [header[at + 1], Number(value)])),
      ]),
  )
}

/** What the answers of a run cost, from the file of answers. */
function spentIn(bench: Bench): number {
  return bench.output().reduce((sum, { usd = 0 }) => sum + usd, 0)
}

async function summaryOf({
  ended,
}: CommandProcess): Promise<{ rows: readonly CostRow[]; usd: number; ok: number }> {
  const lines = (await ended).stdout.split('\n').filter(Boolean)
  const parsed = lines.map(
    (line) => JSON.parse(line) as { type: string; usd: number; ok: number; rows: CostRow[] },
  )
  const report = parsed.find(({ type }) => type === 'report')
  const summary = parsed.find(({ type }) => type === 'summary')
  return { rows: report?.rows ?? [], usd: summary?.usd ?? NaN, ok: summary?.ok ?? NaN }
}

describe('harbor bulk --report', () => {
  it('prints a row for each target and one with the totals, which are those of the run', async () => {
    const bench = await Bench.with([
      ...prompts(6),
      { id: 'other', prompt: 'Hi', model: 'gpt-3.5-turbo' },
      { id: 'unknown', prompt: 'Hi', model: 'no-such-model' },
    ])
    const { code, stderr } = await bench.bulk(...PRICE, '--report').ended
    expect(code).toBe(0)
    const table = tableIn(stderr)
    expect(table.map((line) => line.split(/ {2,}/)[0])).toEqual([
      'target',
      'openai/gpt-4',
      expect.stringMatching(/^openai\//) as string,
      expect.stringMatching(/^openai\//) as string,
      'total',
    ])
    expect(table.at(-1)).toMatch(/^total +8 +\d+ +\d+ +\$[\d.]+ +1$/)
    expect(new Set(table.map((line) => line.length)).size).toBe(1)
    expect(table.at(-1)).toContain(`$${spentIn(bench).toFixed(4)}`)
    // eslint-disable-next-line no-control-regex -- no colours
    expect(stderr).not.toMatch(/\u001b/)
    expect(stderr).toContain('8 answered')
  })

  it('is not printed without it', async () => {
    const bench = await Bench.with(prompts(2))
    expect((await bench.bulk(...PRICE).ended).stderr).not.toContain('total')
  })

  it('is a JSON line before the summary with --json', async () => {
    const bench = await Bench.with(prompts(4))
    const { rows, usd, ok } = await summaryOf(bench.bulk(...PRICE, '--report', '--json'))
    expect(rows).toMatchObject([{ by: { target: 'openai/gpt-4' }, calls: ok, unpricedCalls: 0 }])
    expect(rows[0]?.spentUsd).toBeCloseTo(usd, 9)
    expect(usd).toBeCloseTo(spentIn(bench), 9)
  })

  it('is written as CSV with --report-csv, readable by its owner only', async () => {
    const bench = await Bench.with(prompts(4))
    const { code, stderr } = await bench.bulk(...PRICE, '--report-csv', 'costs.csv').ended
    expect(code).toBe(0)
    expect(tableIn(stderr)).toEqual([])
    const { 'openai/gpt-4': row } = csvIn(bench.text('costs.csv'))
    expect(row).toMatchObject({ calls: 4, unpricedCalls: 0 })
    expect(row?.['spentUsd']).toBeCloseTo(spentIn(bench), 9)
    expect(statSync(bench.path('costs.csv')).mode & 0o777).toBe(0o600)
  })

  it('counts what was spent before the run was killed, and nothing of it twice', async () => {
    const bench = await Bench.with(prompts(300), { latency: { min: 1, max: 5 } })
    const command = [...PRICE, '--concurrency', '4', '--report', '--report-csv', 'costs.csv', '--resume']
    for (const calls of [60, 140, 220]) {
      const { child, ended } = bench.bulk(...command)
      await until(() => bench.provider.counts().calls >= calls)
      child.kill('SIGKILL')
      await ended
    }
    const { code, stderr } = await bench.bulk(...command).ended
    expect(code).toBe(0)
    const { 'openai/gpt-4': row } = csvIn(bench.text('costs.csv'))
    expect(row?.['calls']).toBe(300)
    expect(row?.['spentUsd']).toBeCloseTo(spentIn(bench), 9)
    const usage = bench.output().map((line) => line.usage as { inputTokens: number; outputTokens: number })
    expect(row?.['inputTokens']).toBe(usage.reduce((sum, { inputTokens }) => sum + inputTokens, 0))
    expect(row?.['outputTokens']).toBe(usage.reduce((sum, { outputTokens }) => sum + outputTokens, 0))
    expect(stderr).toMatch(/\$[\d.]+ of the total cost is that of earlier runs\./)
    expect(tableIn(stderr).at(-1)).toMatch(/^total +300 /)
    // A resumed run with nothing left to do has the same report.
    await bench.bulk(...command).ended
    expect(csvIn(bench.text('costs.csv'))['openai/gpt-4']).toEqual(row)
  })

  it('belongs to an interrupted run, too', async () => {
    const bench = await Bench.with(prompts(200), { latency: { min: 5, max: 9 } })
    const { child, ended } = bench.bulk(
      ...PRICE,
      '--concurrency',
      '4',
      '--report',
      '--report-csv',
      'costs.csv',
    )
    await until(() => bench.provider.counts().calls >= 20)
    child.kill('SIGINT')
    const { code, stderr } = await ended
    expect(code).toBe(130)
    const answered = Number(/([\d,]+) answered/.exec(stderr)?.[1])
    expect(csvIn(bench.text('costs.csv'))['openai/gpt-4']).toMatchObject({ calls: answered })
    expect(tableIn(stderr).at(-1)).toMatch(new RegExp(`^total +${answered} `))
  })

  it('names what failed attempts may have cost', async () => {
    const reset = { type: 'reset', when: 'before-headers' } as const
    const rules = [
      { when: { says: 'Question 3?' }, fault: { type: 'sequence', faults: [reset] } as const },
      { when: { says: 'Question 5?' }, fault: status(400) },
    ]
    const bench = await Bench.with(prompts(8), { rules })
    const { code, stderr } = await bench.bulk(...PRICE, '--report', '--report-csv', 'costs.csv').ended
    expect(code).toBe(1)
    const { 'openai/gpt-4': row } = csvIn(bench.text('costs.csv'))
    expect(row).toMatchObject({ calls: 7 })
    expect(row?.['possiblyBilledUsd']).toBeGreaterThan(0)
    expect(row?.['spentUsd']).toBeCloseTo(spentIn(bench), 9)
    expect(tableIn(stderr)[0]).toMatch(/may be billed$/)
  })

  it('counts the answers of the Batch API, and what it saved', async () => {
    const bench = await Bench.with(prompts(5))
    const { code, stderr } = await bench.bulk(
      ...PRICE,
      '--via',
      'provider',
      '--report',
      '--report-csv',
      'costs.csv',
    ).ended
    expect(code, stderr).toBe(0)
    const { 'openai/gpt-4': row } = csvIn(bench.text('costs.csv'))
    expect(row).toMatchObject({ calls: 5 })
    expect(row?.['spentUsd']).toBeCloseTo(spentIn(bench), 9)
    expect(row?.['savedByBatchUsd']).toBeCloseTo(spentIn(bench), 9)
    expect(tableIn(stderr)[0]).toMatch(/ saved$/)
    expect(stderr).not.toContain('unknown price')
  })

  it('does not replace another file of the run, and needs a folder that exists', async () => {
    const bench = await Bench.with(prompts(2))
    mkdirSync(bench.path('folder'))
    symlinkSync(bench.path('prompts.jsonl'), bench.path('link.csv'))
    for (const name of [
      'prompts.jsonl',
      'answers.jsonl',
      'answers.jsonl.journal',
      'link.csv',
      'no/costs.csv',
      'folder',
    ]) {
      const { code, stderr } = await bench.bulk(...PRICE, '--report-csv', name).ended
      expect([name, code]).toEqual([name, 2])
      expect(stderr).toContain('--report-csv')
    }
    expect(bench.provider.counts().calls).toBe(0)
    expect(readFileSync(bench.path('prompts.jsonl'), 'utf8')).toContain('Question 0?')
  })

  it('loses no answer if its file cannot be written: the command says so and exits with 2', async () => {
    const bench = await Bench.with(prompts(30), { latency: { min: 5, max: 9 } })
    const { ended } = bench.bulk(...PRICE, '--concurrency', '2', '--report-csv', 'costs.csv')
    await until(() => bench.provider.counts().calls >= 3)
    mkdirSync(bench.path('costs.csv'))
    const { code, stderr } = await ended
    expect(code).toBe(2)
    expect(stderr).toContain('cannot write costs.csv')
    expect(stderr).toContain('The answers are in answers.jsonl.')
    expect(bench.output()).toHaveLength(30)
    expect(existsSync(bench.path('answers.jsonl'))).toBe(true)
  })

  it.skipIf(!hasTerminals)('is printed below the summary in a terminal, without colours', async () => {
    const bench = await Bench.with(prompts(5))
    const args = ['bulk', 'prompts.jsonl', '--out', 'answers.jsonl', '--model', 'gpt-4', ...PRICE, '--report']
    const command = startInTerminal(bench, 100, args)
    expect(await command.ended).toBe(0)
    expect(command.sent()).toMatch(/5 answered[^\n]*\n[^\n]*target +answers/)
    // eslint-disable-next-line no-control-regex -- only the control sequence that clears a line
    expect(command.sent().replaceAll('\u001b[K', '')).not.toMatch(/\u001b/)
  })
})
