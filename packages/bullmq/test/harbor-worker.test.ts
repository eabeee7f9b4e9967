import { Harbor, type BulkAnswer, type BulkRequest } from '@harbor/core'
import { startSimulator, type SimulatedProvider } from '@harbor/simulator'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { FleetItemError, runFleetBulk } from '../src/index.ts'
import { queuesOfTests, resultsOf } from './queue-of-test.ts'
import { hasRedis } from '../../redis/test/redis-server.ts'

const line = (text: string): BulkRequest => ({
  custom_id: text,
  url: '/v1/chat/completions',
  body: { model: 'gpt-4', max_completion_tokens: 10, messages: [{ role: 'user', content: text }] },
})

describe.skipIf(!hasRedis)('a worker with a client of Harbor (needs redis-server)', () => {
  const { place, work } = queuesOfTests()
  let simulator: Awaited<ReturnType<typeof startSimulator>>
  let provider: SimulatedProvider
  beforeAll(async () => {
    simulator = await startSimulator()
    provider = simulator.provider()
  })
  afterAll(() => simulator.close())
  function client(options: ConstructorParameters<typeof Harbor>[0] = {}): Harbor {
    const harbor = new Harbor({ apiKey: 'key', baseURL: provider.baseURL, logLevel: 'off', ...options })
    onTestFinished(() => harbor.close())
    return harbor
  }

  it('answers lines of a batch file as harbor.bulk() does', async () => {
    const where = place()
    const harbor = client()
    work(harbor, where)
    const lines = Array.from({ length: 30 }, (_, index) => line(`Say ${index}.`))
    const id = ({ custom_id: name }: BulkRequest): string => name ?? ''
    const run = runFleetBulk<BulkRequest, BulkAnswer>(lines, { ...where, id })
    const results = await resultsOf(run)
    const alone = await resultsOf(harbor.bulk(lines, { id }))
    const essence = (all: typeof results): unknown =>
      all.map((result) => [result.id, result.attempts, result.ok && result.value])
    expect(essence(results)).toEqual(essence(alone))
    const { tokens } = await run.summary
    expect(tokens.input).toBeGreaterThan(0)
    expect(tokens.output).toBeGreaterThan(0)
  })

  it('sends errors with their kind, status and target, and without the prompt', async () => {
    const where = place()
    work(client({ retry: false, breaker: false }), where)
    provider.fail({ type: 'status', status: 503 })
    const run = runFleetBulk<BulkRequest, BulkAnswer>([line('a secret prompt')], where)
    const [result] = await resultsOf(run)
    const error = result && !result.ok ? result.error : undefined
    expect(error).toMatchObject({ status: 503, kind: 'server', retryable: true, target: 'openai/gpt-4' })
    expect(FleetItemError.is(error)).toBe(true)
    expect(JSON.stringify(error) + String(error)).not.toContain('secret prompt')
  })

  it('ends the run when its spend limit is reached, which can be continued', async () => {
    const where = place()
    const poor = work(
      client({
        spendLimit: { usd: 1, per: 'total' },
        models: { 'gpt-4': { price: { inputPerMillion: 1_000, outputPerMillion: 10_000 } } },
      }),
      { ...where, concurrency: 2 },
    )
    const lines = Array.from({ length: 200 }, (_, index) => line(`Say ${index}.`))
    const run = runFleetBulk<BulkRequest, BulkAnswer>(lines, where)
    const results: string[] = []
    await expect(
      (async () => {
        for await (const { id, ok } of run) if (ok) results.push(id)
      })(),
    ).rejects.toMatchObject({ code: 'spend_limit' })
    expect(results.length).toBeGreaterThan(0)
    expect(results.length).toBeLessThan(200)
    await poor.close({ graceMs: 0 })
    work(client(), where)
    const rest = runFleetBulk<BulkRequest, BulkAnswer>(lines, where)
    expect((await resultsOf(rest)).filter(({ ok }) => ok)).toHaveLength(200)
    expect(await rest.summary).toMatchObject({ resumed: results.length })
  })

  it('waits for the end of an outage, and loses no attempt of an item', async () => {
    const where = place()
    work(client({ retry: { maxAttempts: 2, baseDelayMs: 1 }, breaker: false }), {
      ...where,
      patienceMs: 60_000,
    })
    provider.fail(...Array.from({ length: 2 }, () => ({ type: 'status', status: 503 }) as const))
    const run = runFleetBulk<BulkRequest, BulkAnswer>([line('Wait.')], where)
    expect(await resultsOf(run)).toMatchObject([{ ok: true, attempts: 3 }])
  }, 30_000)

  it('gives its items back when its client is closed, and ends', async () => {
    const where = place()
    const harbor = client()
    await harbor.close()
    work(harbor, where)
    const run = runFleetBulk<BulkRequest, BulkAnswer>([line('Hello.')], where)
    const results = resultsOf(run)
    await expect.poll(() => run.progress().inFlight).toBe(1)
    work(client(), where)
    expect(await results).toMatchObject([{ ok: true }])
  })
})
