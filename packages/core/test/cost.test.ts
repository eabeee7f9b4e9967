import { startSimulator, type Fault, type Rule, type SimulatedProvider } from '@harbor/simulator'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { receiptOf, type Harbor, type HarborOptions } from '../src/index.ts'
import { ATTEMPT_MS, failureOf, status } from './helpers/expect-failure.ts'
import { collect } from './helpers/sdk-versions.ts'
import { harborFor, HELLO, simulate } from './helpers/harbor-for.ts'
import { timeInTurns } from './helpers/time-in-turns.ts'

/** A dollar for each token in, and a hundred for each token out: figures that are not confused with others. */
const PRICE = { inputPerMillion: 1e6, outputPerMillion: 100e6 }
const CHEAP = { inputPerMillion: 0.5e6, outputPerMillion: 50e6 }

async function priced(options: HarborOptions = {}): Promise<{ provider: SimulatedProvider; harbor: Harbor }> {
  const provider = await simulate()
  return { provider, harbor: harborFor(provider, { models: { 'gpt-4': { price: PRICE } }, ...options }) }
}

const STALLED: Fault = { type: 'stream-stall', afterEvents: 2 }

function costOf({ inputTokens, outputTokens }: { inputTokens: number; outputTokens: number }): number {
  return inputTokens + 100 * outputTokens
}

beforeEach(timeInTurns)

describe('what a call costs', () => {
  it('is in its receipt, its headers and the statistics', async () => {
    const { harbor } = await priced()
    const { data, response } = await harbor.chat.completions.create(HELLO).withResponse()
    const { usage, cost } = receiptOf(data) ?? {}
    expect(usage?.inputTokens).toBeGreaterThan(0)
    expect(cost).toEqual({ usd: usage && costOf(usage), usage: 'reported', price: 'own' })
    expect(Number(response.headers.get('x-harbor-cost-usd'))).toBe(cost?.usd)
    expect(harbor.stats().cost).toEqual({
      spentUsd: cost?.usd,
      possiblyBilledUsd: 0,
      savedByFallbackUsd: 0,
      savedByCacheUsd: 0,
      savedByBatchUsd: 0,
      unpricedCalls: 0,
    })
  })

  it('is known for a stream when it has ended: reported if the stream includes usage, estimated if not', async () => {
    const { harbor } = await priced()
    const reported = await harbor.chat.completions.create({
      ...HELLO,
      stream: true,
      stream_options: { include_usage: true },
    })
    expect(receiptOf(reported)?.cost).toBeUndefined()
    await collect(reported)
    expect(receiptOf(reported)).toMatchObject({ cost: { usage: 'reported' } })
    const estimated = await harbor.chat.completions.create({ ...HELLO, stream: true })
    const chunks = await collect(estimated)
    const contents = chunks.filter((chunk) => chunk.choices[0]?.delta.content)
    expect(receiptOf(estimated)).toMatchObject({
      usage: undefined,
      cost: { usage: 'estimated', price: 'own' },
    })
    expect(receiptOf(estimated)?.cost?.usd).toBeGreaterThanOrEqual(100 * contents.length)
  })

  it('is estimated for a stream that its reader left', async () => {
    const { provider, harbor } = await priced()
    provider.fail(STALLED)
    const stream = await harbor.chat.completions.create({ ...HELLO, stream: true })
    for await (const _chunk of stream) break
    await expect.poll(() => receiptOf(stream)?.outcome).toBe('aborted')
    expect(receiptOf(stream)?.cost).toMatchObject({ usage: 'estimated' })
    expect(harbor.stats().cost.spentUsd).toBeGreaterThan(0)
  })

  it('is undefined and counted when the price is unknown, and never 0', async () => {
    const { harbor } = await priced({ models: {} })
    const reply = await harbor.chat.completions.create({ ...HELLO, model: 'no-such-model' })
    await expect.poll(() => harbor.stats().cost.unpricedCalls).toBe(1)
    expect(receiptOf(reply)?.cost).toBeUndefined()
    expect(harbor.stats().cost.spentUsd).toBe(0)
  })

  it('may have been more: requests that were sent and not answered are counted apart', async () => {
    const { provider, harbor } = await priced()
    provider.fail({ type: 'reset', when: 'before-headers' })
    const reply = await harbor.chat.completions.create({ ...HELLO, max_completion_tokens: 7 })
    const { possiblyBilledUsd } = harbor.stats().cost
    expect(receiptOf(reply)?.possiblyBilledUsd).toBe(possiblyBilledUsd)
    expect(possiblyBilledUsd).toBeGreaterThan(700)
    expect(possiblyBilledUsd).toBeLessThan(720)
    const { usage, billedTokens, possiblyBilledTokens = 0 } = receiptOf(reply) ?? {}
    expect(possiblyBilledTokens).toBeGreaterThan(7)
    expect(possiblyBilledTokens).toBeLessThan(50)
    expect(usage).toBeDefined()
    const count = (usage?.inputTokens ?? 0) + (usage?.outputTokens ?? 0)
    expect(billedTokens).toEqual({ count, source: 'reported' })
  })

  it('is compared with the price of the first target for the same tokens: the rest was saved by the fallback', async () => {
    const simulator = await startSimulator({
      providers: { primary: { rules: [{ fault: status(501) }] as Rule[] }, backup: {} },
    })
    onTestFinished(() => simulator.close())
    const harbor = harborFor(simulator.provider('primary'), {
      providers: { backup: { apiKey: 'other', baseURL: simulator.provider('backup').baseURL } },
      models: { 'gpt-4': { price: PRICE }, 'backup/small': { price: CHEAP } },
      fallback: ['backup/small'],
    })
    const reply = await harbor.chat.completions.create(HELLO)
    const { spentUsd, savedByFallbackUsd } = harbor.stats().cost
    expect(receiptOf(reply)).toMatchObject({ target: 'backup/small', cost: { usd: spentUsd } })
    expect(savedByFallbackUsd).toBeCloseTo(spentUsd, 9)
  })
})

describe('spendLimit', () => {
  const LIMIT = { usd: 5_000, per: 'total' } as const

  it('never spends more, however many calls are made at once', async () => {
    const { provider, harbor } = await priced({ spendLimit: LIMIT })
    // Set aside for each: 700 for its answer and some for its question, so that six go through at first.
    const calls = Array.from({ length: 50 }, () =>
      harbor.chat.completions.create({ ...HELLO, max_completion_tokens: 7 }).then(
        () => 'answered',
        (error: unknown) => (error as { code?: string }).code,
      ),
    )
    const outcomes = await Promise.all(calls)
    expect(outcomes.filter((outcome) => outcome === 'answered').length).toBe(provider.counts().calls)
    expect(new Set(outcomes)).toEqual(new Set(['answered', 'spend_limit']))
    expect(provider.counts().calls).toBe(7)
  })

  it('refuses with 402, and says what is left and until when', async () => {
    const { provider, harbor } = await priced({ spendLimit: { usd: 1, per: 'hour' } })
    const error = await failureOf(harbor.chat.completions.create({ ...HELLO, max_completion_tokens: 7 }))
    expect(error).toMatchObject({ status: 402, code: 'spend_limit', type: 'harbor_error' })
    expect((error as Error).message).toMatch(
      /may cost \$7\d\d\.\d+, and \$1\.000000 of the spendLimit is left/,
    )
    expect((error as Error).message).toMatch(/renewed at \d{4}-\d\d-\d\dT\d\d:00:00\.000Z/)
    expect(receiptOf(error)).toMatchObject({ outcome: 'failure', attempts: [] })
    expect(provider.counts().calls).toBe(0)
  })

  it.each([
    ['was refused', status(400)],
    ['was refused for now', status(429)],
    ['failed at the provider', status(500)],
    ['was not sent', undefined],
  ])('gives back what was set aside for a call that %s', async (_, fault) => {
    const { provider, harbor } = await priced({ spendLimit: { usd: 800, per: 'total' }, maxRetries: 0 })
    if (!fault) {
      const unreachable = harbor.withOptions({ baseURL: 'http://127.0.0.1:1/v1' })
      await failureOf(unreachable.chat.completions.create({ ...HELLO, max_completion_tokens: 7 }))
    } else {
      provider.fail(fault)
      await failureOf(harbor.chat.completions.create({ ...HELLO, max_completion_tokens: 7 }))
    }
    await harbor.chat.completions.create({ ...HELLO, max_completion_tokens: 7 })
  })

  it('does not refund the reservation of an attempt that may have been billed', async () => {
    const { provider, harbor } = await priced({
      spendLimit: { usd: 800, per: 'total' },
      maxRetries: 0,
      timeouts: { attemptMs: ATTEMPT_MS },
    })
    provider.fail({ type: 'hang' })
    await failureOf(harbor.chat.completions.create({ ...HELLO, max_completion_tokens: 7 }))
    const error = await failureOf(harbor.chat.completions.create({ ...HELLO, max_completion_tokens: 7 }))
    expect(error).toMatchObject({ status: 402, code: 'spend_limit' })
    expect(harbor.stats().cost).toMatchObject({
      spentUsd: 0,
      possiblyBilledUsd: expect.closeTo(714, 0) as number,
    })
  })

  it('lets a second attempt reserve for itself', async () => {
    const { provider, harbor } = await priced({
      spendLimit: { usd: 800, per: 'total' },
      timeouts: { attemptMs: ATTEMPT_MS },
    })
    provider.fail({ type: 'hang' })
    const error = await failureOf(harbor.chat.completions.create({ ...HELLO, max_completion_tokens: 7 }))
    expect(error).toMatchObject({ status: 402, code: 'spend_limit' })
    expect(provider.counts().calls).toBe(1)
  })

  it('refuses what has no price, unless that is allowed', async () => {
    const { harbor } = await priced({ spendLimit: LIMIT, models: {} })
    const unknown = { ...HELLO, model: 'no-such-model' }
    const error = await failureOf(harbor.chat.completions.create(unknown))
    expect(error).toMatchObject({ status: 402, code: 'spend_limit' })
    expect((error as Error).message).toContain('the price of openai/no-such-model is unknown')
    harbor.configure({ spendLimit: { ...LIMIT, unpriced: 'allow' } })
    await harbor.chat.completions.create(unknown)
  })

  it('holds for streams, and is one for all copies of a client', async () => {
    const { provider, harbor } = await priced({ spendLimit: { usd: 800, per: 'total' } })
    provider.fail(STALLED)
    const body = { ...HELLO, max_completion_tokens: 7, stream: true } as const
    const stream = await harbor.chat.completions.create(body)
    const copy = harbor.withOptions({ timeout: 5_000 })
    expect(await failureOf(copy.chat.completions.create(body))).toMatchObject({ status: 402 })
    for await (const _chunk of stream) break
    await expect.poll(() => receiptOf(stream)?.outcome).toBe('aborted')
    await collect(await copy.chat.completions.create({ ...body, max_completion_tokens: 1 }))
  })
})
