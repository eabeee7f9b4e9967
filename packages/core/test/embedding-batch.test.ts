import { startSimulator, type Fault, type SimulatedProvider } from '@harbor/simulator'
import OpenAI from 'openai'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import {
  APIConnectionTimeoutError,
  BadRequestError,
  perCall,
  receiptOf,
  type Harbor,
  type HarborOptions,
} from '../src/index.ts'
import { failureOf, status } from './helpers/expect-failure.ts'
import { harborFor, simulate } from './helpers/harbor-for.ts'
import { harborWithBackup } from './helpers/two-providers.ts'

const MODEL = 'text-embedding-3-small'
const embed = (client: OpenAI, input: string, more: object = {}, options?: object) =>
  client.embeddings.create({ model: MODEL, input, ...more }, options)

async function batching(
  options: HarborOptions = {},
  script: object = {},
): Promise<[SimulatedProvider, Harbor]> {
  const simulator = await startSimulator({ providers: { openai: script } })
  onTestFinished(() => simulator.close())
  const provider = simulator.provider()
  return [provider, harborFor(provider, { embeddingBatch: true, ...options })]
}

const texts = (count: number): string[] =>
  Array.from({ length: count }, (_, number) => `text number ${number}${'!'.repeat(number % 7)}`)

const inputsOf = (provider: SimulatedProvider): unknown[] =>
  provider.requests().map(({ body }) => (body as { input: unknown }).input)

describe('single embeddings', () => {
  it.each(['float', 'base64'] as const)(
    'become few requests, and each caller gets its own (%s)',
    async (form) => {
      const [provider, harbor] = await batching({ embeddingBatch: { maxBatchSize: 25 } })
      const bare = new OpenAI({ apiKey: 'k', baseURL: provider.baseURL })
      const format = { encoding_format: form }
      const replies = await Promise.all(texts(100).map((text) => embed(harbor, text, format)))
      expect(provider.counts().byOperation).toEqual({ embeddings: 4 })
      for (const [place, text] of texts(100).entries()) {
        const alone = await embed(bare, text, format)
        expect(replies[place]?.data).toEqual(alone.data)
        expect(replies[place]).toMatchObject({ object: 'list', model: MODEL })
      }
    },
  )

  it('divide the tokens that the provider counted, and their cost', async () => {
    const price = { inputPerMillion: 1_000_000, outputPerMillion: 0 }
    const [provider, harbor] = await batching({ models: { [MODEL]: { price } } })
    const replies = await Promise.all(texts(10).map((text) => embed(harbor, text)))
    const tokens = replies.map(({ usage }) => usage.total_tokens)
    expect(provider.counts()).toMatchObject({ calls: 1, tokens: { input: sum(tokens) } })
    const receipts = replies.map(receiptOf)
    expect(receipts.map((receipt) => receipt?.usage?.inputTokens)).toEqual(tokens)
    expect(receipts.map((receipt) => receipt?.billedTokens)).toEqual(
      tokens.map((count) => ({ count, source: 'reported' })),
    )
    expect(receipts[0]).toMatchObject({
      batch: { size: 10 },
      attempts: [{ status: 200 }],
      outcome: 'success',
    })
    expect(sum(receipts.map((receipt) => receipt?.cost?.usd ?? 0))).toBeCloseTo(sum(tokens), 6)
    expect(harbor.stats()).toMatchObject({ calls: 10, attempts: 1, cost: { spentUsd: sum(tokens) } })
    expect(harbor.stats().embeddingBatch).toMatchObject({ batches: 1 })
  })

  it('become one request only if all else is the same', async () => {
    const [provider, harbor] = await batching()
    const other = harbor.withOptions({ apiKey: 'another-key' })
    await Promise.all([
      embed(harbor, 'a'),
      embed(harbor, 'b'),
      embed(harbor, 'c', { dimensions: 8 }),
      embed(harbor, 'd', { model: 'text-embedding-3-large' }),
      embed(other, 'e'),
      embed(harbor, 'f', {}, { headers: { 'x-team': 'blue' } }),
      harbor.embeddings.create({ model: MODEL, input: ['g', 'h'] }),
    ])
    const inputs = inputsOf(provider)
    expect(inputs).toContainEqual(['a', 'b'])
    expect(inputs).toContainEqual(['g', 'h'])
    for (const single of ['c', 'd', 'e', 'f']) expect(inputs).toContainEqual(single)
    expect(inputs).toHaveLength(6)
  })

  it('are sent alone when there are no others', async () => {
    const [provider, harbor] = await batching()
    const reply = await embed(harbor, 'alone')
    expect(inputsOf(provider)).toEqual(['alone'])
    expect(receiptOf(reply)?.batch).toBeUndefined()
  })

  it('are sent alone when they are too long for any batch', async () => {
    const [provider, harbor] = await batching({ embeddingBatch: { maxBatchTokens: 100 } })
    const long = 'word '.repeat(200)
    await Promise.all([embed(harbor, long), embed(harbor, 'short'), embed(harbor, 'brief')])
    expect(inputsOf(provider)).toContainEqual(long)
    expect(inputsOf(provider)).toContainEqual(['short', 'brief'])
  })

  it('fail alone when the provider refuses one of them: the others get their answers', async () => {
    const poison = { rules: [{ when: { says: 'poison' }, fault: status(400) }] }
    const [provider, harbor] = await batching({}, poison)
    const outcomes = await Promise.allSettled([...texts(15), 'poison'].map((text) => embed(harbor, text)))
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(15)
    const [, , , , , , , , , , , , , , , last] = outcomes
    expect(last).toMatchObject({ status: 'rejected' })
    expect((last as PromiseRejectedResult).reason).toBeInstanceOf(BadRequestError)
    expect(provider.counts().calls).toBeLessThanOrEqual(1 + 2 * 4)
  })

  it('fill up one request while it waits for the limits', async () => {
    const [provider, harbor] = await batching({ limits: { requestsPerMinute: 20, burstMs: 0, safety: 1 } })
    await embed(harbor, 'the first')
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    onTestFinished(() => void vi.useRealTimers())
    const replies = []
    // Each comes alone: the batcher waits 5 ms for others, the limits three seconds.
    for (const text of texts(5)) {
      replies.push(embed(harbor, text))
      await vi.advanceTimersByTimeAsync(8)
    }
    await vi.advanceTimersByTimeAsync(3_000)
    await Promise.all(replies)
    expect(provider.counts().byOperation).toEqual({ embeddings: 2 })
    expect(new Set(inputsOf(provider)[1] as string[])).toEqual(new Set(texts(5)))
  })

  it('that wait for the limits leave at once with their caller', async () => {
    const [provider, harbor] = await batching({ limits: { requestsPerMinute: 2, burstMs: 0, safety: 1 } })
    await embed(harbor, 'the first')
    const leaving = new AbortController()
    const left = failureOf(embed(harbor, 'leaves', {}, { signal: leaving.signal }))
    await new Promise((resolve) => setTimeout(resolve, 20))
    leaving.abort()
    expect(await left).toBeInstanceOf(OpenAI.APIUserAbortError)
    expect(provider.counts().calls).toBe(1)
  })

  it('share the failure of their provider, each with an error of its own', async () => {
    const [provider, harbor] = await batching({ retry: false })
    provider.fail(status(503))
    const errors = await Promise.all(texts(3).map((text) => failureOf(embed(harbor, text))))
    expect(errors).toMatchObject([{ status: 503 }, { status: 503 }, { status: 503 }])
    expect(new Set(errors).size).toBe(3)
    expect(errors.map((error) => receiptOf(error)?.attempts.length)).toEqual([1, 1, 1])
    expect(provider.counts().calls).toBe(1)
  })

  it('are retried, and taken over by another provider, together', async () => {
    const { primary, backup, harbor } = await harborWithBackup({
      embeddingBatch: true,
      fallback: [`backup/${MODEL}`],
      attemptsBeforeFallback: 1,
    })
    primary.fail(status(500))
    const replies = await Promise.all(texts(5).map((text) => embed(harbor, text)))
    expect(replies.map((reply) => receiptOf(reply)?.target)).toEqual(
      Array.from({ length: 5 }, () => `backup/${MODEL}`),
    )
    expect([primary.counts().calls, backup.counts().calls]).toEqual([1, 1])
  })

  it('are each bounded by their own time, and left by their own caller', async () => {
    const [provider, harbor] = await batching({}, { latency: 60 })
    const leaving = new AbortController()
    const hasty = failureOf(embed(harbor, 'hasty', {}, { timeout: 20 }))
    const left = failureOf(embed(harbor, 'left', {}, { signal: leaving.signal }))
    const patient = embed(harbor, 'patient')
    setTimeout(() => leaving.abort(), 15)
    expect(await hasty).toBeInstanceOf(APIConnectionTimeoutError)
    expect(await left).toMatchObject({ message: 'Request was aborted.' })
    expect((await patient).data).toHaveLength(1)
    expect(provider.counts()).toMatchObject({ calls: 1, aborts: 0 })
  })

  it('abort the request when all callers have left', async () => {
    const [provider, harbor] = await batching({}, { latency: 200 })
    const leaving = new AbortController()
    const left = texts(3).map((text) => failureOf(embed(harbor, text, {}, { signal: leaving.signal })))
    while (provider.counts().calls === 0) await new Promise((resolve) => setImmediate(resolve))
    leaving.abort()
    await Promise.all(left)
    await provider.whenIdle()
    expect(provider.counts()).toMatchObject({ calls: 1, aborts: 1 })
  })

  it('are requested in halves when the provider returns another number', async () => {
    const provider = await simulate()
    const one = { object: 'list', model: MODEL, data: [{ object: 'embedding', index: 0, embedding: [1] }] }
    const fault: Fault = { type: 'play-json', body: JSON.stringify(one) }
    provider.fail(fault, fault)
    const harbor = harborFor(provider, { embeddingBatch: true })
    const replies = await Promise.all(texts(2).map((text) => embed(harbor, text)))
    expect(replies.map(({ data }) => data[0]?.embedding.length)).not.toContain(1)
    expect(provider.counts().calls).toBe(4)
  })

  it('come from the cache one by one', async () => {
    const [provider, harbor] = await batching({ cache: true })
    await Promise.all(texts(4).map((text) => embed(harbor, text)))
    const replies = await Promise.all(texts(6).map((text) => embed(harbor, text)))
    expect(replies.map((reply) => receiptOf(reply)?.cache?.status)).toEqual([
      ...Array.from({ length: 4 }, () => 'hit'),
      'miss',
      'miss',
    ])
    expect(provider.counts().calls).toBe(2)
  })

  it('with a fallback chain of their own are sent alone', async () => {
    const [provider, harbor] = await batching()
    await Promise.all(['a', 'b'].map((text) => embed(harbor, text, {}, perCall({ fallback: false }))))
    expect(inputsOf(provider).toSorted()).toEqual(['a', 'b'])
  })

  it.each<[object, RegExp]>([
    [{ maxBatchSize: 0 }, /In embeddingBatch: maxBatchSize must be/],
    [{ maxWait: 5 }, /embeddingBatch\.maxWait is not an option/],
  ])('refuse options that make no sense: %j', async (embeddingBatch, message) => {
    const provider = await simulate()
    expect(() => harborFor(provider, { embeddingBatch })).toThrow(message)
    expect(() => harborFor(provider).withOptions({ embeddingBatch: true })).toThrow(
      /embeddingBatch cannot change/,
    )
  })
})

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
