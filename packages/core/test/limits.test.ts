import { startSimulator, type SimulatedProvider } from '@harbor/simulator'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { perCall, RateLimitError, receiptOf, type Harbor, type HarborOptions } from '../src/index.ts'
import { failureOf, status } from './helpers/expect-failure.ts'
import { harborFor, HELLO, simulate } from './helpers/harbor-for.ts'
import { timeInTurns } from './helpers/time-in-turns.ts'
import { harborWithBackup } from './helpers/two-providers.ts'

const ask = (harbor: Harbor, options?: object) => harbor.chat.completions.create(HELLO, options)

async function limited(
  limits: HarborOptions['limits'],
  script: object = {},
): Promise<[SimulatedProvider, Harbor]> {
  const simulator = await startSimulator({ providers: { openai: script } })
  onTestFinished(() => simulator.close())
  const provider = simulator.provider()
  return [provider, harborFor(provider, { limits })]
}

describe('limits', () => {
  it('delay calls, so that a provider with the same limits refuses none', async () => {
    // On a busy machine, requests that left one after the other would arrive together.
    onTestFinished(timeInTurns())
    // 1,200 a minute are 20 a second, of which a tenth of a second may start at once.
    const [provider, harbor] = await limited(
      { requestsPerMinute: 1_200, burstMs: 100, safety: 0.9 },
      { limits: { requestsPerMinute: 1_200, burst: 0.004 } },
    )
    const receipts = await Promise.all(Array.from({ length: 30 }, async () => receiptOf(await ask(harbor))))
    expect(provider.counts().byStatus).toEqual({ 200: 30 })
    const waits = receipts.map((receipt) => receipt?.attempts[0]?.waitedFor)
    expect(waits.filter((reason) => reason === 'limit').length).toBeGreaterThan(10)
    expect(harbor.stats().limits['openai/gpt-4']?.rate).toMatchObject({
      granted: 30,
      inFlight: 0,
      waiting: 0,
      rateLimited: 0,
    })
  })

  it('are learned from 429s, after which nothing is sent for as long as the provider asks', async () => {
    const [provider, harbor] = await limited({})
    provider.fail(status(429, { retryAfter: 40 }))
    const first = receiptOf(await ask(harbor))
    expect(first?.attempts.map((attempt) => attempt.status)).toEqual([429, 200])
    expect(harbor.stats().limits['openai/gpt-4']?.rate.rateLimited).toBe(1)
  })

  it('bound the requests in flight', async () => {
    const [provider, harbor] = await limited({ maxConcurrency: 3 }, { latency: 10 })
    let most = 0
    const watch = setInterval(() => (most = Math.max(most, provider.counts().inFlight)), 1)
    onTestFinished(() => clearInterval(watch))
    await Promise.all(Array.from({ length: 12 }, () => ask(harbor)))
    expect(most).toBeLessThanOrEqual(3)
    expect(harbor.stats().limits['openai/gpt-4']?.concurrency).toMatchObject({
      limit: 3,
      inFlight: 0,
      granted: 12,
    })
  })

  it('release a slot when a stream ends, and when its reader leaves', async () => {
    const [, harbor] = await limited({ maxConcurrency: 1 }, { tokenMs: 2 })
    const leaving = await harbor.chat.completions.create({ ...HELLO, stream: true })
    for await (const _chunk of leaving) break
    const read = await harbor.chat.completions.create({ ...HELLO, stream: true })
    for await (const chunk of read) expect(chunk.choices).toBeDefined()
    await ask(harbor)
    expect(harbor.stats().limits['openai/gpt-4']?.concurrency).toMatchObject({ inFlight: 0, granted: 3 })
  })

  it('lower an adaptive concurrency at once when the provider is overloaded', async () => {
    const [provider, harbor] = await limited({ maxConcurrency: 'adaptive' })
    const before = (await ask(harbor), harbor.stats().limits['openai/gpt-4']?.concurrency?.limit ?? 0)
    provider.fail(status(503, { code: 'slow_down' }))
    await ask(harbor)
    expect(harbor.stats().limits['openai/gpt-4']?.concurrency).toMatchObject({ cuts: 1, overloaded: 1 })
    expect(harbor.stats().limits['openai/gpt-4']?.concurrency?.limit).toBeLessThan(before)
  })

  it('refuse a call at once that has less time left than the wait, with a retry-after', async () => {
    const [provider, harbor] = await limited({ requestsPerMinute: 1, safety: 1 })
    await ask(harbor)
    const error = await failureOf(ask(harbor, { timeout: 5_000 }))
    expect(error).toBeInstanceOf(RateLimitError)
    expect(error).toMatchObject({ status: 429, code: 'local_rate_limit' })
    const { headers } = error as RateLimitError
    expect(Number(headers.get('retry-after-ms'))).toBeGreaterThan(5_000)
    expect(receiptOf(error)).toMatchObject({ attempts: [], outcome: 'failure' })
    expect(provider.counts().calls).toBe(1)
  })

  it('say when to retry also while they are not known', async () => {
    onTestFinished(timeInTurns())
    const [provider, harbor] = await limited({}, { rules: [{ fault: { type: 'hang' } }] })
    const leaving = new AbortController()
    const hanging = Array.from({ length: 4 }, () => failureOf(ask(harbor, { signal: leaving.signal })))
    await expect.poll(() => provider.counts().calls).toBe(4)
    // A machine so slow that time passes between any two steps.
    const now = performance.now.bind(performance)
    let readings = 0
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now() + 3 * readings++)
    onTestFinished(() => clock.mockRestore())
    const error = await failureOf(ask(harbor, { timeout: 1_500 }))
    expect(error).toMatchObject({ status: 429, code: 'local_rate_limit' })
    expect(Number((error as RateLimitError).headers.get('retry-after-ms'))).toBeGreaterThan(0)
    leaving.abort()
    await Promise.all(hanging)
  })

  it('refuse a request at once that is larger than a limit', async () => {
    const [provider, harbor] = await limited({ tokensPerMinute: 100 })
    const error = await failureOf(harbor.chat.completions.create({ ...HELLO, max_completion_tokens: 1_000 }))
    expect(error).toMatchObject({ status: 429, code: 'local_rate_limit' })
    expect((error as Error).message).toMatch(/larger than they ever allow/)
    expect(provider.counts().calls).toBe(0)
  })

  it('send a request that exceeds a limit only by an estimate', async () => {
    const [provider, harbor] = await limited({ tokensPerMinute: 100, burstMs: 60_000 })
    await harbor.chat.completions.create({
      ...HELLO,
      max_completion_tokens: 5,
      messages: [{ role: 'user', content: 'word '.repeat(2_000) }],
    })
    expect(provider.counts().calls).toBe(1)
  })

  it('refuse a request at once that exceeds a limit by countTokens', async () => {
    const [provider, harbor] = await limited({ tokensPerMinute: 100, countTokens: () => 101 })
    expect(await failureOf(ask(harbor))).toMatchObject({ status: 429, code: 'local_rate_limit' })
    expect(provider.counts().calls).toBe(0)
  })

  it('do not block a model after one absurd header', async () => {
    const [provider, harbor] = await limited({})
    provider.fail({
      type: 'status',
      status: 500,
      headers: { 'x-ratelimit-limit-tokens': '1', 'x-ratelimit-remaining-tokens': '1' },
    })
    // The second attempt goes after the absurd header was read.
    await harbor.chat.completions.create({ ...HELLO, max_completion_tokens: 5 })
    expect(provider.counts().calls).toBe(2)
  })

  it('refuse a call when their queue is full', async () => {
    const [, harbor] = await limited({ requestsPerMinute: 60, burstMs: 0, maxQueue: 1 })
    const outcomes = await Promise.allSettled(Array.from({ length: 4 }, () => ask(harbor)))
    const codes = outcomes.map((outcome) =>
      outcome.status === 'rejected' ? (outcome.reason as { code?: string }).code : 'answered',
    )
    expect(codes.filter((code) => code === 'queue_full').length).toBeGreaterThanOrEqual(2)
    expect(codes).toContain('answered')
  })

  it('end a wait within a tick when the caller aborts', async () => {
    const [provider, harbor] = await limited({ requestsPerMinute: 30, safety: 1 })
    await ask(harbor)
    const leaving = new AbortController()
    const waiting = failureOf(ask(harbor, { signal: leaving.signal }))
    await expect.poll(() => harbor.stats().limits['openai/gpt-4']?.rate.waiting).toBe(1)
    leaving.abort()
    expect(await waiting).toMatchObject({ message: 'Request was aborted.' })
    expect(harbor.stats().limits['openai/gpt-4']?.rate.waiting).toBe(0)
    expect(provider.counts().calls).toBe(1)
  })

  it('let calls of higher priority go first', async () => {
    onTestFinished(timeInTurns())
    const [provider, harbor] = await limited({ maxConcurrency: 8, requestsPerMinute: 240, burstMs: 0 })
    await ask(harbor)
    const order: string[] = []
    const ranked = async (name: string, priority: number): Promise<void> => {
      await ask(harbor, perCall({ priority }))
      order.push(name)
    }
    await Promise.all([ranked('low', -1), ranked('usual', 0), ranked('high', 1)])
    expect(order).toEqual(['high', 'usual', 'low'])
    expect(provider.counts().calls).toBe(4)
  })

  it('send a call to another group that has room, before they are reached', async () => {
    const { primary, backup, harbor } = await harborWithBackup({
      limits: { requestsPerMinute: 1, safety: 1 },
    })
    const targets = [receiptOf(await ask(harbor)), receiptOf(await ask(harbor))]
    expect(targets.map((receipt) => receipt?.target)).toEqual(['openai/gpt-4', 'backup/gpt-4'])
    expect(targets[1]?.skipped).toEqual([{ target: 'openai/gpt-4', reason: 'its limits leave no room now' }])
    expect([primary.counts().calls, backup.counts().calls]).toEqual([1, 1])
  })

  it('are those of the entry in providers, shared by its quotaGroup', async () => {
    const { harbor, backup } = await harborWithBackup(
      { limits: { requestsPerMinute: 60_000 }, fallback: ['backup/a', 'backup/b'] },
      { quotaGroup: 'backup', limits: { requestsPerMinute: 1, safety: 1 } },
    )
    const direct = (model: string) =>
      harbor.chat.completions.create({ ...HELLO, model }, { ...perCall({ fallback: false }), timeout: 2_000 })
    await direct('backup/a')
    expect(await failureOf(direct('backup/b'))).toMatchObject({ code: 'local_rate_limit' })
    expect(backup.counts().calls).toBe(1)
    expect(Object.keys(harbor.stats().limits)).toEqual(['backup'])
  })

  it('give back the reservation of a call that was not sent', async () => {
    const provider = await simulate()
    const harbor = harborFor(provider, { limits: { requestsPerMinute: 1, safety: 1 }, retry: false })
    await provider.down()
    await failureOf(ask(harbor))
    await provider.up()
    await ask(harbor, { timeout: 5_000 })
    expect(harbor.stats().limits['openai/gpt-4']?.rate.granted).toBe(2)
  })

  it('do not pause after a used-up quota', async () => {
    const [provider, harbor] = await limited({ requestsPerMinute: 6_000 })
    provider.fail(status(429, { code: 'insufficient_quota' }))
    expect(await failureOf(ask(harbor))).toMatchObject({ code: 'insufficient_quota' })
    expect(harbor.stats().limits['openai/gpt-4']?.rate).toMatchObject({ rateLimited: 0, pausedForMs: 0 })
  })

  it('count tokens with countTokens', async () => {
    const countTokens = vi.fn(() => 70)
    const [, harbor] = await limited({ inputTokensPerMinute: 60, countTokens })
    expect(await failureOf(ask(harbor))).toMatchObject({ code: 'local_rate_limit' })
    expect(countTokens).toHaveBeenCalledWith(expect.objectContaining({ model: 'gpt-4' }))
  })

  it('can change at run time for a client and its copies, and not in a copy', async () => {
    const [, harbor] = await limited({ requestsPerMinute: 1, safety: 1 })
    await ask(harbor)
    harbor.configure({ limits: { requestsPerMinute: 6_000 } })
    await ask(harbor.withOptions({ timeout: 1_000 }))
    expect(harbor.explain().policy.limits).toEqual({ requestsPerMinute: 6_000 })
    harbor.configure({ limits: false })
    await ask(harbor)
    expect(() => harbor.withOptions({ limits: {} })).toThrow(/limits cannot change in a copy/)
  })

  it.each<[object, RegExp]>([
    [{ requestsPerMinute: 0 }, /In limits: requestsPerMinute must be/],
    [{ requestPerMinute: 5 }, /In limits: .*requestPerMinute/],
    [{ maxConcurrency: 0 }, /limits\.maxConcurrency must be/],
    [{ maxConcurrency: 'many' }, /limits\.maxConcurrency must be/],
    [{ clock: Date }, /limits\.clock is set by Harbor/],
    [{ countTokens: 4 }, /limits\.countTokens must be a function/],
  ])('are refused by name if they are invalid: %j', async (limits, message) => {
    const provider = await simulate()
    expect(() => harborFor(provider, { limits })).toThrow(message)
    const providers = { other: { apiKey: 'k', baseURL: provider.baseURL, limits } }
    expect(() => harborFor(provider, { providers })).toThrow(/providers\.other\.limits/)
  })
})
