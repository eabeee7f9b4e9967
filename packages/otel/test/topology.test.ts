import { perCall, receiptOf } from '@harbor/core'
import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import { describe, expect, it } from 'vitest'
import { harborFor, HELLO, simulate, status, traced } from './helpers/clients.ts'
import { treeOf } from './helpers/recording.ts'

const REASON = 'harbor.attempt.reason'

describe('the trace of a call', () => {
  it('is one span, if one attempt was enough', async () => {
    const { harbor, spans, provider } = await traced()
    const reply = await harbor.chat.completions.create(HELLO)
    expect(treeOf(spans())).toEqual(['chat gpt-4 CLIENT'])
    const receipt = receiptOf(reply)
    expect(spans()[0]?.attributes).toEqual({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'gpt-4',
      'server.address': '127.0.0.1',
      'server.port': Number(new URL(provider.baseURL).port),
      'harbor.receipt.id': receipt?.id,
      'harbor.target': 'openai/gpt-4',
      'harbor.attempts': 1,
      'harbor.targets': 1,
      'harbor.fallback': false,
      'harbor.hedged': false,
      'harbor.degraded': false,
      'harbor.wait_ms': 0,
      'harbor.deadline.remaining_ms': expect.any(Number) as number,
      'gen_ai.response.id': receipt?.responseId,
      'gen_ai.response.finish_reasons': ['stop'],
      'gen_ai.usage.input_tokens': receipt?.usage?.inputTokens,
      'gen_ai.usage.output_tokens': receipt?.usage?.outputTokens,
      'harbor.cost.usd': receipt?.cost?.usd,
      'harbor.cost.source': 'reported',
    })
  })

  it('has a span for each attempt and each wait, if there was a second attempt', async () => {
    const { harbor, spans, provider } = await traced()
    provider.fail(status(503), status(429, { retryAfter: 10 }))
    await harbor.chat.completions.create(HELLO)
    expect(treeOf(spans(), REASON, 'harbor.wait.reason', 'error.type')).toEqual([
      'chat gpt-4 CLIENT',
      '  chat gpt-4 CLIENT first 503',
      '  harbor.wait INTERNAL backoff',
      '  chat gpt-4 CLIENT retry 429',
      '  harbor.wait INTERNAL retry_after',
      '  chat gpt-4 CLIENT retry',
    ])
    const [call, first, , second, , third] = spans()
    expect([call, first, second, third].map((span) => span?.status.code)).toEqual([
      SpanStatusCode.UNSET,
      SpanStatusCode.ERROR,
      SpanStatusCode.ERROR,
      SpanStatusCode.UNSET,
    ])
    expect(second?.attributes).toMatchObject({
      'harbor.target': 'openai/gpt-4',
      'harbor.attempt.number': 2,
      'http.request.resend_count': 1,
      'harbor.attempt.outcome': 'error',
      'harbor.attempt.phase': 'headers',
      'http.response.status_code': 429,
    })
    expect(call?.attributes).toMatchObject({ 'harbor.attempts': 3, 'harbor.targets': 1 })
    expect(first?.attributes).not.toHaveProperty('http.request.resend_count')
  })

  it('has the server and the circuit of each attempt, also at another provider', async () => {
    const backup = await simulate()
    const { harbor, spans, provider } = await traced({
      providers: { backup: { apiKey: 'k', baseURL: backup.baseURL } },
      fallback: ['backup/gpt-4o-mini'],
      retry: false,
    })
    provider.fail(status(500))
    await harbor.chat.completions.create(HELLO)
    const [, ...attempts] = spans()
    expect(attempts.map(({ attributes }) => attributes)).toMatchObject(
      [provider, backup].map(({ baseURL }) => ({
        'server.address': '127.0.0.1',
        'server.port': Number(new URL(baseURL).port),
        'harbor.breaker.state': 'closed',
      })),
    )
    expect(provider.baseURL).not.toBe(backup.baseURL)
  })

  it('has what is left of the spend limit', async () => {
    const { harbor, spans } = await traced({ spendLimit: { usd: 1, per: 'day' } })
    await harbor.chat.completions.create(HELLO)
    const [left] = harbor.spend()
    expect(left?.leftUsd).toBeLessThan(1)
    expect(spans()[0]?.attributes['harbor.budget.remaining_usd']).toBe(left?.leftUsd)
  })

  it('has what is left of the limits of the copy that made the call, and of the values of its own labels', async () => {
    const { harbor, spans } = await traced({ spendLimit: { usd: 100, per: 'day' } })
    const copy = harbor.withOptions({
      spendLimit: [
        { usd: 10, per: 'day', by: 'tenant' },
        { usd: 20, per: 'hour' },
      ],
      labels: { tenant: 'acme' },
    })
    await copy.chat.completions.create(HELLO)
    await copy.chat.completions.create(HELLO, perCall({ labels: { tenant: 'small' } }))
    const lefts = ['acme', 'small'].map((tenant) => copy.spend({ tenant })[0]?.leftUsd)
    expect(lefts.every((left) => left !== undefined && left < 10 && left > 9)).toBe(true)
    expect(spans().map(({ attributes }) => attributes['harbor.budget.remaining_usd'])).toEqual(lefts)
  })

  it('has nothing left on the span of a request that several calls pay, but on those of the calls', async () => {
    const { harbor, spans } = await traced({
      spendLimit: { usd: 1, per: 'day', by: 'tenant' },
      embeddingBatch: { maxWaitMs: 20 },
    })
    await Promise.all(
      ['a', 'b'].map((tenant) =>
        harbor.embeddings.create(
          { model: 'text-embedding-3-small', input: tenant },
          perCall({ labels: { tenant } }),
        ),
      ),
    )
    const calls = spans().filter(({ name }) => name !== 'harbor.wait')
    const all = calls.map(({ attributes }) => [
      attributes['gen_ai.usage.input_tokens'] !== undefined,
      typeof attributes['harbor.budget.remaining_usd'],
    ])
    expect(all.toSorted()).toEqual([
      [false, 'number'],
      [false, 'number'],
      [true, 'undefined'],
    ])
  })

  it('has a span for each attempt with attemptSpans: always', async () => {
    const { harbor, spans } = await traced({}, { attemptSpans: 'always' })
    await harbor.chat.completions.create(HELLO)
    expect(treeOf(spans(), REASON)).toEqual(['chat gpt-4 CLIENT', '  chat gpt-4 CLIENT first'])
  })

  it('has the attempt of a hedge, and the one that lost to it, whose status is unset', async () => {
    const { harbor, spans, provider, open } = await traced({
      providers: { backup: { apiKey: 'k', baseURL: (await simulate()).baseURL } },
      fallback: ['backup/gpt-4o-mini'],
      hedge: { afterMs: 10, maxExtraRatio: 1 },
    })
    await harbor.chat.completions.create(HELLO, perCall({ telemetry: false }))
    provider.fail({ type: 'hang' })
    await harbor.chat.completions.create(HELLO)
    await expect.poll(open).toBe(0)
    const [call, first] = spans()
    expect(treeOf(spans(), REASON, 'harbor.attempt.outcome', 'harbor.wait.reason').toSorted()).toEqual([
      '  chat gpt-4 CLIENT first lost',
      '  chat gpt-4o-mini CLIENT hedge ok',
      expect.stringMatching(/harbor.wait INTERNAL hedge_delay/),
      'chat gpt-4 CLIENT',
    ])
    expect(first?.status.code).toBe(SpanStatusCode.UNSET)
    expect(call?.attributes).toMatchObject({ 'harbor.hedged': true, 'harbor.target': 'backup/gpt-4o-mini' })
  })

  it('is INTERNAL below a span of the GenAI conventions, and CLIENT below any other', async () => {
    const { harbor, spans, tracerProvider } = await traced()
    const tracer = tracerProvider.getTracer('app')
    for (const attributes of [{ 'gen_ai.operation.name': 'invoke_agent' }, { other: 1 }])
      await tracer.startActiveSpan('app', { attributes }, async (span) => {
        await harbor.chat.completions.create(HELLO)
        span.end()
      })
    const kinds = spans()
      .filter(({ name }) => name === 'chat gpt-4')
      .map(({ kind }) => kind)
    expect(kinds).toEqual([SpanKind.INTERNAL, SpanKind.CLIENT])
  })

  it.each([
    ['client', ['app INTERNAL', '  chat gpt-4 CLIENT']],
    ['internal', ['app INTERNAL', '  chat gpt-4 INTERNAL']],
    ['none', ['app INTERNAL', '  chat gpt-4 CLIENT first 503', '  chat gpt-4 CLIENT retry']],
  ] as const)('is as logicalSpan says: %s', async (logicalSpan, tree) => {
    const { harbor, spans, tracerProvider, provider } = await traced({}, { logicalSpan })
    if (logicalSpan === 'none') provider.fail(status(503))
    await tracerProvider.getTracer('app').startActiveSpan('app', async (span) => {
      await harbor.chat.completions.create(HELLO)
      span.end()
    })
    const own = spans().filter(({ name }) => name !== 'harbor.wait')
    expect(treeOf(own, REASON, 'error.type')).toEqual(tree)
  })
})

describe('the trace of an upstream call', () => {
  it('is a child of the call that began it, and linked from the others; tokens and cost are there only', async () => {
    const { harbor, spans } = await traced({ cache: true })
    const ask = (): PromiseLike<unknown> => harbor.chat.completions.create({ ...HELLO, temperature: 0 })
    const replies = [...(await Promise.all([ask(), ask(), ask()])), await ask()]
    expect(treeOf(spans(), 'harbor.cache.status', 'harbor.cache.role').toSorted()).toEqual([
      '  chat gpt-4 CLIENT',
      'chat gpt-4 CLIENT hit',
      'chat gpt-4 CLIENT miss leader',
      'chat gpt-4 CLIENT shared follower',
      'chat gpt-4 CLIENT shared follower',
    ])
    const upstream = spans().find(({ parentSpanContext }) => parentSpanContext)
    const followers = spans().filter(({ links }) => links.length > 0)
    expect(followers.map(({ links }) => links.map(({ context }) => context.spanId))).toEqual([
      [upstream?.spanContext().spanId],
      [upstream?.spanContext().spanId],
    ])
    expect(spans().filter(({ attributes }) => 'gen_ai.usage.input_tokens' in attributes)).toEqual([upstream])
    expect(spans().filter(({ attributes }) => 'harbor.cost.usd' in attributes)).toEqual([upstream])
    const saved = replies.map((reply) => receiptOf(reply)?.savedUsd ?? -1)
    expect(saved.map((usd) => usd > 0)).toEqual([false, true, true, true])
    expect(spans().flatMap(({ attributes }) => attributes['harbor.cost.saved_usd'] ?? [])).toEqual(
      saved.slice(1),
    )
    expect(saved.reduce((sum, usd) => sum + usd)).toBeCloseTo(harbor.stats().cost.savedByCacheUsd, 12)
  })

  it('has the tokens of a batch of embeddings once, also with a cache above it', async () => {
    const { harbor, spans } = await traced({ cache: true, embeddingBatch: { maxWaitMs: 10 } })
    const replies = await Promise.all(
      ['a', 'bb'].map((input) => harbor.embeddings.create({ model: 'e', input })),
    )
    expect(treeOf(spans().filter(({ name }) => name !== 'harbor.wait')).toSorted()).toEqual([
      '    embeddings e CLIENT',
      '  embeddings e CLIENT',
      '  embeddings e CLIENT',
      'embeddings e CLIENT',
      'embeddings e CLIENT',
    ])
    const tokens = spans().flatMap(({ attributes }) => attributes['gen_ai.usage.input_tokens'] ?? [])
    const used = replies.reduce((sum, reply) => sum + (receiptOf(reply)?.usage?.inputTokens ?? 0), 0)
    expect(tokens).toEqual([used])
  })
})

describe('a client whose provider is another client', () => {
  it('has the tokens of the outer call only', async () => {
    const { harbor: inner, spans, tracerProvider } = await traced()
    const { openTelemetry } = await import('../src/index.ts')
    const outer = harborFor(
      { baseURL: inner.baseURL },
      {
        telemetry: openTelemetry({ tracerProvider }),
        fetch: async () => {
          const { response } = await inner.chat.completions.create(HELLO).withResponse()
          return Response.json(await inner.chat.completions.create(HELLO), { headers: response.headers })
        },
      },
    )
    await outer.chat.completions.create(HELLO)
    const counted = spans().filter(({ attributes }) => 'gen_ai.usage.input_tokens' in attributes)
    expect(counted.map(({ kind, parentSpanContext }) => [kind, parentSpanContext])).toEqual([
      [SpanKind.CLIENT, undefined],
    ])
    expect(spans()).toHaveLength(3)
  })
})
