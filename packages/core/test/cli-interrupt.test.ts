import type { Rule } from '@harbor/simulator'
import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { Bench, prompts, until } from './helpers/cli-process.ts'

describe('harbor bulk, interrupted', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'sends no more on %s, awaits requests in flight, exits with 130, and continues with --resume',
    async (signal) => {
      const bench = await Bench.with(prompts(60), { latency: 200 })
      const first = bench.bulk('--concurrency', '8')
      await until(() => bench.provider.counts().calls >= 20)
      first.child.kill(signal)
      const { code, stderr } = await first.ended
      expect(code).toBe(130)
      expect(stderr).toMatch(/harbor: Stopping: \d+ requests in flight get their answers/)
      expect(stderr).toMatch(/harbor: Not finished\. .* the same command with --resume continues\.\n$/)
      const { calls, aborts } = bench.provider.counts()
      expect(aborts).toBe(0)
      expect(bench.output('answers.jsonl.part')).toHaveLength(calls)
      expect(existsSync(bench.path('answers.jsonl'))).toBe(false)
      expect(existsSync(bench.path('answers.jsonl.journal.lock'))).toBe(false)

      const second = await bench.bulk('--resume').ended
      expect(second.code).toBe(0)
      expect(second.stderr).toContain(`60 answered (${calls} before)`)
      expect(bench.output().map(({ id }) => id)).toEqual(
        prompts(60)
          .map(({ id }) => id)
          .toSorted(),
      )
      expect(bench.provider.counts().calls).toBe(60)
      expect(existsSync(bench.path('answers.jsonl.part'))).toBe(false)
    },
  )

  it('sends no request that waits for --rpm, and ends at once', async () => {
    const bench = await Bench.with(prompts(100))
    const { child, printed, ended } = bench.bulk('--rpm', '60', '--concurrency', '30')
    await until(
      () => bench.provider.counts().calls >= 2 && bench.text('answers.jsonl.journal').includes('q-1'),
    )
    child.kill('SIGINT')
    await until(() => printed.stderr.includes('Stopping'))
    const { calls } = bench.provider.counts()
    expect((await ended).code).toBe(130)
    expect(bench.provider.counts().calls).toBe(calls)
    expect(bench.output('answers.jsonl.part')).toHaveLength(calls)
  })

  it('finishes a run that is complete after all', async () => {
    const bench = await Bench.with(prompts(6), { latency: 2_000 })
    const { child, ended } = bench.bulk()
    await until(() => bench.provider.counts().calls === 6)
    child.kill('SIGINT')
    const { code, stderr } = await ended
    expect(code).toBe(0)
    expect(stderr).toMatch(/harbor: Stopping: \d requests in flight get their answers/)
    expect(stderr).toMatch(/harbor: The answers are in answers\.jsonl\.\n$/)
    expect(bench.output()).toHaveLength(6)
    expect(existsSync(bench.path('answers.jsonl.part'))).toBe(false)
  })

  it('ends at once on the second Ctrl-C, with all answers stored', async () => {
    const rules: Rule[] = [{ when: { call: { from: 5 } }, fault: { type: 'hang' } }]
    const bench = await Bench.with(prompts(12), { rules })
    const first = bench.bulk('--concurrency', '4')
    await until(() => bench.provider.counts().calls === 8)
    first.child.kill('SIGINT')
    await until(() => first.printed.stderr.includes('Ctrl-C again'))
    first.child.kill('SIGINT')
    const { code, stderr } = await first.ended
    expect(code).toBe(130)
    expect(stderr).toContain('--resume continues')
    expect(existsSync(bench.path('answers.jsonl.journal.lock'))).toBe(false)
    await bench.provider.whenIdle()
    expect(bench.provider.counts()).toMatchObject({ calls: 8, inFlight: 0 })
    bench.provider.script({})
    expect((await bench.bulk('--resume').ended).code).toBe(0)
    expect(bench.output()).toHaveLength(12)
    expect(bench.provider.counts().calls).toBe(8 + 8)
  })

  it('ends also while it waits for standard input', async () => {
    const bench = await Bench.with([])
    const { child, ended } = bench.start('bulk', '-', '--out', 'answers.jsonl', '--model', 'gpt-4')
    child.stdin.write('"One?"\n')
    await until(
      () =>
        existsSync(bench.path('answers.jsonl.journal')) &&
        bench.text('answers.jsonl.journal').includes('line-1'),
    )
    child.kill('SIGINT')
    expect((await ended).code).toBe(130)
  })

  it('leaves a run through the Batch API to the provider, and finds it again', async () => {
    // The end of the batch cannot be seen until this rule is gone, so the run is surely still waiting for it when it is interrupted.
    const bench = await Bench.with(prompts(5), {
      rules: [{ when: { operation: 'batches', method: 'GET' }, fault: { type: 'status', status: 503 } }],
    })
    const first = bench.hastyBulk('--via', 'provider')
    await until(() => bench.provider.counts().batches.created === 1)
    await until(() => bench.text('answers.jsonl.journal.batches').includes('batch_'))
    first.child.kill('SIGINT')
    expect((await first.ended).code).toBe(130)
    bench.provider.script({})
    expect((await bench.hastyBulk('--via', 'provider', '--resume').ended).code).toBe(0)
    expect(bench.output()).toHaveLength(5)
    expect(bench.provider.counts().batches.created).toBe(1)
  })
})
