import { startSimulator, type Fault, type ProviderScript, type SimulatedProvider } from '@harbor/simulator'
import { describe, expect, it, onTestFinished } from 'vitest'
import type {
  BulkAnswer,
  BulkRequest,
  BulkResult,
  BulkRun,
  Harbor,
  HarborEvents,
  HarborOptions,
} from '../src/index.ts'
import { status } from './helpers/expect-failure.ts'
import { harborFor } from './helpers/harbor-for.ts'
import { harborWithBackup } from './helpers/two-providers.ts'

const body = (content: string) => ({
  model: 'gpt-4',
  temperature: 0,
  messages: [{ role: 'user' as const, content }],
})
const chats = (count: number): BulkRequest[] =>
  Array.from({ length: count }, (_, number) => ({ body: body(`Question ${number}?`) }))

async function bulkClient(
  options: HarborOptions = {},
  script: ProviderScript = {},
): Promise<[SimulatedProvider, Harbor]> {
  const simulator = await startSimulator({ providers: { openai: script } })
  onTestFinished(() => simulator.close())
  const provider = simulator.provider()
  return [provider, harborFor(provider, options)]
}

async function all(run: BulkRun<BulkAnswer>): Promise<BulkResult<BulkAnswer>[]> {
  const results: BulkResult<BulkAnswer>[] = []
  for await (const result of run) results.push(result)
  return results
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1))
}

const LATER = { baseDelayMs: 3_600_000, maxDelayMs: 3_600_000 } as const

describe('a bulk run that is stopped', () => {
  it.each([
    ['the rate limit', { requestsPerMinute: 60, burstMs: 4_000 }, { delay: 0 }],
    ['a slot', { maxConcurrency: 4 }, { delay: 300 }],
  ])('sends no request that waits for %s, and awaits those that were sent', async (_, limits, { delay }) => {
    const [provider, harbor] = await bulkClient({ limits }, { latency: delay })
    const run = harbor.bulk(chats(100), { concurrency: 30 })
    const results = all(run)
    await until(() => {
      const { waiting, inFlight } = run.progress()
      return inFlight === 30 && waiting > 0 && waiting + provider.counts().inFlight === inFlight
    })
    const { waiting, waitingOn, ok, inFlight } = run.progress()
    expect(waitingOn).toBe('rate')
    run.stop()
    const sent = ok + inFlight - waiting
    expect(await results).toHaveLength(sent)
    expect(provider.counts()).toMatchObject({ calls: sent, aborts: 0 })
    expect(await run.summary).toMatchObject({ ok: sent, failed: 0, dropped: waiting, stoppedBy: 'stop' })
    for (const { rate, concurrency } of Object.values(harbor.stats().limits)) {
      expect(rate).toMatchObject({ waiting: 0, inFlight: 0 })
      expect(concurrency?.inFlight ?? 0).toBe(0)
    }
  })

  it.each<[string, Fault]>([
    ['a failed attempt', status(503)],
    ['a Retry-After', status(429, { retryAfter: '30' })],
    ['a broken connection', { type: 'refuse' }],
  ])('returns waiting items after %s', async (_, fault) => {
    const rules = [{ when: { says: 'Question 1?' }, fault }]
    const [provider, harbor] = await bulkClient({ retry: LATER, timeout: 86_400_000 }, { rules })
    const run = harbor.bulk(chats(3))
    const results = all(run)
    await until(() => run.progress().waiting === 1 && run.progress().ok === 2)
    expect(run.progress().waitingOn).toBe('retry')
    run.stop()
    expect((await results).map(({ id }) => id).toSorted()).toEqual(['0', '2'])
    expect(await run.summary).toMatchObject({ ok: 2, failed: 0, dropped: 1, stoppedBy: 'stop' })
    expect(provider.counts().calls).toBe(3)
  })

  it('reports the outcome of a request in flight: an answer, or a failure that is not retried', async () => {
    const later = (code: number): Fault => ({
      type: 'delay',
      ms: 150,
      then: { type: 'status', status: code },
    })
    const rules = [
      { when: { says: 'Question 1?' }, fault: later(400) },
      { when: { says: 'Question 2?' }, fault: later(503) },
      { fault: { type: 'delay', ms: 150 } as const },
    ]
    const [provider, harbor] = await bulkClient({}, { rules })
    const run = harbor.bulk(chats(3))
    const results = all(run)
    await until(() => provider.counts().inFlight === 3)
    run.stop()
    const [one, other, ...more] = (await results).toSorted((a, b) => a.index - b.index)
    expect([one, other, more]).toMatchObject([
      { id: '0', ok: true },
      { id: '1', ok: false, error: { status: 400 } },
      [],
    ])
    expect(await run.summary).toMatchObject({ ok: 1, failed: 1, dropped: 1 })
    expect(provider.counts().calls).toBe(3)
  })

  it('moves no request to another target', async () => {
    const { primary, backup, harbor } = await harborWithBackup({ retry: { maxAttempts: 1 } })
    primary.script({ rules: [{ fault: { type: 'delay', ms: 150, then: { type: 'status', status: 500 } } }] })
    const run = harbor.bulk(chats(2))
    const results = all(run)
    await until(() => primary.counts().inFlight === 2)
    run.stop()
    expect(await results).toEqual([])
    expect(backup.counts().calls).toBe(0)
    expect((await run.summary).dropped).toBe(2)
  })

  it('drops a hedge that was not sent, and keeps the request that was', async () => {
    const { primary, backup, harbor } = await harborWithBackup({ hedge: { afterMs: 100 } })
    primary.script({ latency: 400 })
    const run = harbor.bulk(chats(1))
    const results = all(run)
    await until(() => primary.counts().inFlight === 1)
    run.stop()
    expect(await results).toMatchObject([{ ok: true, value: { target: 'openai/gpt-4' } }])
    expect(backup.counts().calls).toBe(0)
  })

  it('counts as no failure of the provider', async () => {
    const [, harbor] = await bulkClient({ limits: { requestsPerMinute: 60, burstMs: 1_000 } })
    const ends: HarborEvents['end'][] = []
    harbor.on('end', (event) => ends.push(event))
    const run = harbor.bulk(chats(5))
    const results = all(run)
    await until(() => run.progress().waiting === 4)
    run.stop()
    await results
    expect(ends.map(({ receipt }) => receipt.outcome).toSorted()).toEqual([
      ...Array<string>(4).fill('aborted'),
      'success',
    ])
    expect(harbor.stats().failures).toEqual({})
  })

  it('does not affect other calls, also those that share one of its requests', async () => {
    const limits = { requestsPerMinute: 60, burstMs: 1_000 }
    const [provider, harbor] = await bulkClient({ limits, cache: true })
    const run = harbor.bulk(chats(3))
    const results = all(run)
    await until(() => run.progress().waiting === 2)
    const sharing = harbor.chat.completions.create(body('Question 2?'))
    await new Promise((resolve) => setTimeout(resolve, 10))
    run.stop()
    await results
    expect(await sharing).toMatchObject({ object: 'chat.completion' })
    expect(provider.counts().calls).toBe(2)
  })

  it('is complete when nothing is left to do', async () => {
    const [provider, harbor] = await bulkClient({}, { latency: 150 })
    const run = harbor.bulk(chats(3))
    const results = all(run)
    await until(() => provider.counts().inFlight === 3)
    run.stop()
    expect(await results).toHaveLength(3)
    expect(await run.summary).toMatchObject({ ok: 3, dropped: 0, stoppedBy: undefined })
  })
})

describe('the report of a bulk run', () => {
  it('has the attempts of each request, and how many were retried', async () => {
    const rules = [{ when: { says: 'Question 1?' }, fault: status(500) }]
    const [provider, harbor] = await bulkClient({}, { rules })
    const run = harbor.bulk(chats(3))
    const results = (await all(run)).toSorted((one, other) => one.index - other.index)
    const { calls } = provider.counts()
    expect(results.map(({ attempts }) => attempts)).toEqual([1, calls - 2, 1])
    expect(results[1]).toMatchObject({ ok: false })
    expect((await run.summary).retried).toBe(calls - 3)
    expect(calls).toBeGreaterThan(3)
  })

  it('counts attempts at every target, and none for answers from a cache', async () => {
    const { primary, harbor } = await harborWithBackup({ cache: true, retry: { maxAttempts: 1 } })
    primary.script({ rules: [{ fault: status(500) }] })
    const [failedOver] = await all(harbor.bulk(chats(1)))
    expect(failedOver).toMatchObject({ ok: true, attempts: 2, value: { target: 'backup/gpt-4' } })

    const [provider, other] = await bulkClient({ cache: true })
    await all(other.bulk(chats(1)))
    const again = await all(other.bulk(chats(2)))
    expect(again.toSorted((one, other) => one.index - other.index).map(({ attempts }) => attempts)).toEqual([
      0, 1,
    ])
    expect(provider.counts().calls).toBe(2)
  })

  it('adds up to the requests upstream, whatever fails', async () => {
    const rules = [{ when: { probability: 0.4 }, fault: status(500) }]
    const [provider, harbor] = await bulkClient({}, { rules })
    const run = harbor.bulk(chats(30))
    const attempts = (await all(run)).reduce((sum, result) => sum + result.attempts, 0)
    expect(attempts).toBe(provider.counts().calls)
    expect((await run.summary).retried).toBe(provider.counts().calls - 30)
  })
})

describe('a bulk run with patienceMs', () => {
  it('waits for the end of an outage that outlasts the attempts of each call, and reports it', async () => {
    const [provider, harbor] = await bulkClient({ retry: { maxAttempts: 1 }, breaker: false })
    const changes: unknown[] = []
    provider.script({ rules: [{ fault: { type: 'refuse' } }] })
    const run = harbor.bulk(chats(6), {
      patienceMs: 60_000,
      onOutage: (kind) => {
        changes.push(kind)
        provider.script({})
      },
    })
    const results = await all(run)
    expect(results.map(({ ok }) => ok)).toEqual(Array(6).fill(true))
    expect(changes).toEqual(['network', undefined])
    expect(results.every(({ attempts }) => attempts >= 1)).toBe(true)
    expect((await run.summary).retried).toBeGreaterThan(0)
  })

  it('can be stopped while it waits', async () => {
    const [, harbor] = await bulkClient(
      { retry: { maxAttempts: 1 }, breaker: false },
      { rules: [{ fault: status(503) }] },
    )
    const run = harbor.bulk(chats(3), { patienceMs: 60_000 })
    const results = all(run)
    await until(() => run.progress().waiting === 3 && run.progress().retried === 0)
    run.stop()
    expect(await results).toEqual([])
    expect(await run.summary).toMatchObject({ dropped: 3, stoppedBy: 'stop' })
  })

  it('checks the options', async () => {
    const [, harbor] = await bulkClient()
    expect(() => harbor.bulk([], { patienceMs: -1 })).toThrow(
      'patienceMs must be a number of milliseconds of at least 0',
    )
    expect(() => harbor.bulk([], { patienceMs: 1, via: 'provider' })).toThrow('patienceMs has no effect with')
    expect(() => harbor.bulk([], { onOutage: true as never })).toThrow('onOutage must be a function')
  })
})
