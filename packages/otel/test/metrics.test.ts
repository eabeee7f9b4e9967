import { consecutive } from '@harbor/breaker'
import { perCall, receiptOf, type HarborOptions } from '@harbor/core'
import { metrics } from '@opentelemetry/api'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openTelemetry, type OpenTelemetryOptions } from '../src/index.ts'
import { brokenMessage, harborFor, HELLO, simulate, status } from './helpers/clients.ts'
import { metering, total } from './helpers/metering.ts'

async function metered(options: HarborOptions = {}, telemetry: OpenTelemetryOptions = {}) {
  const provider = await simulate()
  const { meterProvider, collect } = metering()
  const observer = openTelemetry({ meterProvider, ...telemetry })
  return { provider, collect, observer, harbor: harborFor(provider, { telemetry: observer, ...options }) }
}

async function readAll(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _chunk of stream);
}

const INFERENCE = 'gen_ai.client.inference.duration'
const OPERATION = 'gen_ai.client.operation.duration'
const INPUT = 'gen_ai.client.inference.usage.input_tokens'
const OUTPUT = 'gen_ai.client.inference.usage.output_tokens'
const CHAT = {
  'gen_ai.operation.name': 'chat',
  'gen_ai.provider.name': 'openai',
  'gen_ai.request.model': 'gpt-4',
}

describe('the metrics of a call', () => {
  it('count it once, with its duration, tokens, cost, attempts and waits', async () => {
    const { harbor, provider, collect } = await metered()
    provider.fail(status(503))
    const receipt = receiptOf(await harbor.chat.completions.create(HELLO))
    const series = await collect()
    const seconds = (receipt?.durationMs ?? 0) / 1000
    for (const name of [INFERENCE, OPERATION])
      expect(series.filter((each) => each.name === name)).toEqual([
        { name, attributes: CHAT, value: expect.closeTo(seconds, 9) as number, count: 1 },
      ])
    expect(total(series, INPUT, CHAT).value).toBe(receipt?.usage?.inputTokens)
    expect(total(series, OUTPUT, CHAT).value).toBe(receipt?.usage?.outputTokens)
    expect(total(series, 'harbor.cost').value).toBeCloseTo(receipt?.cost?.usd ?? -1, 12)
    expect(total(series, 'harbor.calls', { 'harbor.outcome': 'success' }).value).toBe(1)
    const attempt = { 'harbor.target': 'openai/gpt-4', 'harbor.attempt.reason': 'first', 'error.type': '503' }
    expect(total(series, 'harbor.attempts', attempt).value).toBe(1)
    expect(total(series, 'harbor.attempts').value).toBe(2)
    expect(total(series, 'harbor.wait.duration', { 'harbor.wait.reason': 'backoff' }).count).toBe(1)
    expect(total(series, 'harbor.in_flight')).toEqual({ value: 0, count: 0 })
  })

  it.each([
    ['1.41', [OPERATION, 'gen_ai.client.token.usage']],
    ['latest', [INFERENCE, INPUT, OUTPUT]],
    ['both', [INFERENCE, INPUT, OUTPUT, OPERATION]],
  ] as const)('have the names that semconv says: %s', async (semconv, names) => {
    const { harbor, collect } = await metered({}, { semconv })
    await harbor.chat.completions.create(HELLO)
    await harbor.embeddings.create({ model: 'e', input: 'text' })
    const series = (await collect()).filter((each) => each.attributes['gen_ai.operation.name'] === 'chat')
    const found = new Set(series.map(({ name }) => name).filter((name) => name.startsWith('gen_ai.')))
    expect([...found].toSorted()).toEqual(names.toSorted())
    const embeddings = { 'gen_ai.operation.name': 'embeddings' }
    expect(total(await collect(), OPERATION, embeddings).count).toBe(1)
    expect(total(await collect(), INFERENCE, embeddings).count).toBe(0)
  })

  it('follow OTEL_SEMCONV_STABILITY_OPT_IN where semconv is not set', async () => {
    process.env['OTEL_SEMCONV_STABILITY_OPT_IN'] = 'http, gen_ai_latest_experimental'
    onTestFinished(() => {
      delete process.env['OTEL_SEMCONV_STABILITY_OPT_IN']
    })
    const { harbor, collect } = await metered()
    await harbor.chat.completions.create(HELLO)
    const series = await collect()
    expect([total(series, INFERENCE).count, total(series, OPERATION).count]).toEqual([1, 0])
  })

  it('count cached and shared answers by status, and tokens and durations only where a provider was called', async () => {
    const { harbor, collect } = await metered({ cache: true })
    const ask = () => harbor.chat.completions.create({ ...HELLO, temperature: 0 })
    const [reply] = await Promise.all([ask(), ask(), ask()])
    await ask()
    const series = await collect()
    const cache = series.filter(({ name }) => name === 'harbor.cache.requests')
    expect(
      Object.fromEntries(cache.map((each) => [each.attributes['harbor.cache.status'], each.value])),
    ).toEqual({
      miss: 1,
      shared: 2,
      hit: 1,
    })
    expect(total(series, INFERENCE).count).toBe(1)
    expect(total(series, INPUT).value).toBe(receiptOf(reply)?.usage?.inputTokens)
    expect(total(series, 'harbor.calls').value).toBe(4)
    expect(total(series, 'harbor.cost.saved', { 'harbor.saved_by': 'cache' }).value).toBeCloseTo(
      harbor.stats().cost.savedByCacheUsd,
      12,
    )
  })

  it('count the tokens of batched embeddings once, below a cache', async () => {
    const { harbor, collect } = await metered({ cache: true, embeddingBatch: { maxWaitMs: 10 } })
    const replies = await Promise.all(
      ['a', 'b', 'c'].map((input) => harbor.embeddings.create({ model: 'e', input })),
    )
    const used = replies.reduce((sum, reply) => sum + (receiptOf(reply)?.usage?.inputTokens ?? 0), 0)
    const series = await collect()
    expect(total(series, INPUT).value).toBe(used)
    expect(total(series, OPERATION).count).toBe(1)
  })

  it('count fallbacks', async () => {
    const backup = await simulate()
    const { harbor, provider, collect } = await metered({
      providers: { backup: { apiKey: 'k', baseURL: backup.baseURL } },
      fallback: ['backup/gpt-4o-mini'],
      retry: false,
    })
    provider.fail(status(500))
    await harbor.chat.completions.create(HELLO)
    const fallback = { 'harbor.fallback.from': 'openai/gpt-4', 'harbor.fallback.to': 'backup/gpt-4o-mini' }
    expect(total(await collect(), 'harbor.fallbacks', fallback).value).toBe(1)
  })

  it('count hedges', async () => {
    const backup = await simulate()
    const { harbor, provider, collect } = await metered({
      providers: { backup: { apiKey: 'k', baseURL: backup.baseURL } },
      fallback: ['backup/gpt-4o-mini'],
      hedge: { afterMs: 10, maxExtraRatio: 1 },
    })
    await harbor.chat.completions.create(HELLO, perCall({ telemetry: false }))
    provider.fail({ type: 'hang' })
    await harbor.chat.completions.create(HELLO)
    expect(total(await collect(), 'harbor.hedges', { 'harbor.hedge.outcome': 'won' }).value).toBe(1)
    await expect.poll(async () => total(await collect(), 'harbor.in_flight').value).toBe(0)
  })

  it('count broken streams', async () => {
    const { harbor, provider, collect } = await metered()
    provider.fail({ type: 'stream-cut', afterEvents: 5 })
    const stream = await harbor.chat.completions.create({ ...HELLO, stream: true })
    await expect(readAll(stream)).rejects.toThrow()
    const series = await collect()
    const target = { 'harbor.target': 'openai/gpt-4' }
    expect(total(series, 'harbor.stream.incomplete', target).value).toBe(1)
    expect(total(series, INFERENCE, { 'error.type': 'stream_incomplete' }).count).toBe(1)
    expect(total(series, 'gen_ai.client.inference.time_to_first_chunk').count).toBe(1)
  })

  it('have the time of each content of a stream after the first one, once under each name', async () => {
    const { harbor, collect } = await metered()
    const stream = await harbor.chat.completions.create({ ...HELLO, stream: true })
    let contents = 0
    for await (const { choices } of stream) if (choices[0]?.delta.content) contents++
    const series = await collect()
    for (const name of ['inference', 'operation'])
      expect(
        series.filter((each) => each.name === `gen_ai.client.${name}.time_per_output_chunk`),
      ).toMatchObject([{ attributes: CHAT, count: contents - 1 }])
    expect(total(series, 'gen_ai.client.inference.time_per_output_chunk').value).toBeGreaterThanOrEqual(0)
  })

  it('count the tokens of a broken stream as wasted, as far as they were reported, and otherwise by an estimate', async () => {
    const { observer, collect } = await metered()
    const receipt = await brokenMessage(observer)
    expect(receipt?.usage?.inputTokens).toBe(12)
    const { count = 0, source } = receipt?.billedTokens ?? {}
    // The report of the beginning does not contain what came after it.
    expect([count >= 13, source]).toEqual([true, 'estimated'])
    const estimated = { 'harbor.tokens.source': 'estimated' }
    expect(total(await collect(), 'harbor.tokens.wasted', estimated).value).toBe(count)
  })

  it('count the tokens of a broken stream without a report, and of an attempt without an answer, by an estimate', async () => {
    const { harbor, provider, collect } = await metered()
    provider.fail({ type: 'stream-cut', afterEvents: 5 })
    const stream = await harbor.chat.completions.create({ ...HELLO, stream: true })
    await expect(readAll(stream)).rejects.toThrow()
    const broken = receiptOf(stream)
    expect(broken).toMatchObject({ usage: undefined, billedTokens: { source: 'estimated' } })
    provider.fail({ type: 'reset', when: 'before-headers' })
    const reply = await harbor.chat.completions.create({ ...HELLO, max_completion_tokens: 100 })
    const repeated = receiptOf(reply)
    expect(repeated?.possiblyBilledTokens).toBeGreaterThan(100)
    const wasted = (broken?.billedTokens?.count ?? 0) + (repeated?.possiblyBilledTokens ?? 0)
    const series = await collect()
    expect(total(series, 'harbor.tokens.wasted', { 'harbor.tokens.source': 'estimated' }).value).toBe(wasted)
    expect(total(series, 'harbor.tokens.wasted', { 'harbor.tokens.source': 'reported' }).value).toBe(0)
    expect(total(series, INPUT).value).toBe(repeated?.usage?.inputTokens)
  })

  it('have the labels of metricLabels, and no others', async () => {
    const { harbor, collect } = await metered(
      { labels: { team: 'a', user: 'u' } },
      { metricLabels: ['team'] },
    )
    await harbor.chat.completions.create(HELLO, perCall({ labels: { team: 'b' } }))
    const series = await collect()
    expect(total(series, INFERENCE, { 'harbor.label.team': 'b' }).count).toBe(1)
    expect(JSON.stringify(series)).not.toContain('harbor.label.user')
  })
})

describe('the number of series', () => {
  it('is bounded, whatever models, targets and labels callers name', async () => {
    const { collect, observer } = await metered({}, { metricLabels: ['user', 'team'] })
    for (let n = 0; n < 5_000; n++) {
      const target = `openai/model-${n}`
      const attempt = { number: 1, target, startedAt: 1, durationMs: 1, reason: 'first' }
      const receipt = {
        id: String(n),
        target,
        labels: { user: `u${n}`, team: `t${n % 300}` },
        attempts: [attempt],
        outcome: 'success',
        startedAt: 1,
        durationMs: 1,
        cost: { usd: 1 },
        usage: {
          inputTokens: 1,
          outputTokens: 1,
          cachedInputTokens: 0,
          cacheWriteInputTokens: 0,
          reasoningTokens: 0,
        },
      }
      const request = {
        operation: 'chat',
        provider: 'openai',
        model: `model-${n}`,
        streaming: false,
        url: 'http://a/',
      }
      const call = observer.start({ receipt, request, role: 'call' })
      await call?.attempt(attempt, () => Promise.resolve())
      call?.attemptEnded(attempt)
      call?.end(receipt)
    }
    const series = await collect()
    const names = new Set(series.map(({ name }) => name))
    for (const name of names)
      expect(series.filter((each) => each.name === name).length).toBeLessThanOrEqual(1_100)
    expect(total(series, INFERENCE).count).toBe(5_000)
    expect(total(series, 'harbor.attempts').value).toBe(5_000)
    expect(total(series, 'harbor.attempts', { 'harbor.target': 'other' }).value).toBe(4_900)
    expect(total(series, 'harbor.in_flight').value).toBe(0)
  })
})

describe('the gauges of a client', () => {
  it('show circuits, queues, limits and their changes, until it is closed', async () => {
    const { harbor, provider, collect } = await metered({
      breaker: { trip: consecutive(1) },
      limits: { requestsPerMinute: 100 },
      retry: false,
    })
    await harbor.chat.completions.create(HELLO)
    const before = await collect()
    const target = { 'harbor.target': 'openai/gpt-4' }
    expect(before).toContainEqual({
      name: 'harbor.breaker.state',
      attributes: target,
      value: 0,
      count: undefined,
    })
    const rest = before.find(({ name }) => name === 'harbor.limit.remaining')
    expect(rest?.attributes['harbor.limit.dimension']).toBe('requests')
    expect(rest?.value).toBeLessThan(100)
    expect(before.filter(({ name }) => name === 'harbor.queue.length').map(({ value }) => value)).toEqual([0])
    provider.fail(status(500))
    await expect(harbor.chat.completions.create(HELLO)).rejects.toThrow()
    const after = await collect()
    expect(total(after, 'harbor.breaker.state', target).value).toBe(2)
    const opened = { ...target, 'harbor.breaker.state': 'open' }
    expect(total(after, 'harbor.breaker.transitions', opened).value).toBe(1)
    await harbor.close()
    expect(total(await collect(), 'harbor.breaker.state').value).toBeNaN()
  })

  it('merge the targets of clients that share an observer: the worst state', async () => {
    const { harbor, provider, collect, observer } = await metered({
      breaker: { trip: consecutive(1) },
      retry: false,
    })
    const other = harborFor(provider, { telemetry: observer })
    provider.fail(status(500))
    await expect(harbor.chat.completions.create(HELLO)).rejects.toThrow()
    await other.chat.completions.create(HELLO)
    const states = (await collect()).filter(({ name }) => name === 'harbor.breaker.state')
    expect(states.map(({ value }) => value)).toEqual([2])
  })
})

describe('a global meter provider', () => {
  it('is used from its registration on', async () => {
    const { meterProvider, collect } = metering()
    const harbor = harborFor(await simulate(), { telemetry: openTelemetry() })
    await harbor.chat.completions.create(HELLO)
    metrics.setGlobalMeterProvider(meterProvider)
    onTestFinished(() => metrics.disable())
    await harbor.chat.completions.create(HELLO)
    const series = await collect()
    expect(total(series, INFERENCE).count).toBe(1)
    expect(total(series, 'harbor.breaker.state')).toEqual({ value: 0, count: 0 })
    expect(series.some(({ name }) => name === 'harbor.breaker.state')).toBe(true)
  })
})
