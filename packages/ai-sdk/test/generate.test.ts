import { generateText, wrapLanguageModel } from 'ai'
import { MockLanguageModelV3 } from 'ai/test'
import { describe, expect, it, vi } from 'vitest'
import { RememberedTargets } from '../src/fallback-model/remembered-targets.ts'
import { createFallbackModel, receiptOf, type ModelReceipt } from '../src/index.ts'
import { apiError, mock, USAGE } from './mock-models.ts'

const retry = { baseDelayMs: 1 }
const ask = { prompt: 'secret question', maxRetries: 0 }

describe('createFallbackModel', () => {
  it('answers with the next model when the first one is down, and reports it', async () => {
    const [down, second] = [mock('down', apiError(503)), mock('second', 'hi')]
    const fallback = vi.fn()
    const model = createFallbackModel({ models: [down, second], retry, on: { fallback } })
    const result = await generateText({ ...ask, model })
    expect(result.text).toBe('hi')
    expect(receiptOf(result)).toMatchObject({
      outcome: 'success',
      target: 'mock/second',
      upstreamCalls: 3,
      attempts: [
        { target: 'mock/down', reason: 'first', outcome: 'failed', failure: { kind: 'server', status: 503 } },
        { target: 'mock/down', reason: 'retry', outcome: 'failed' },
        { target: 'mock/second', reason: 'fallback', outcome: 'answered' },
      ],
    })
    expect(fallback).toHaveBeenCalledExactlyOnceWith({
      from: 'mock/down',
      to: 'mock/second',
      failure: { kind: 'server', status: 503, ambiguous: false },
    })
  })

  it.each([
    [429, 1, 'in cooldown after a rate limit'],
    [401, 1, 'in cooldown after a refused key'],
    [404, 1, 'in cooldown after an unknown model'],
    [503, 2, 'tried again after an outage'],
  ])('calls the first model after a %i %i time(s): it is %s', async (status, calls) => {
    const [down, second] = [mock('down', apiError(status)), mock('second', 'hi')]
    const model = createFallbackModel({ models: [down, second], retry })
    await generateText({ ...ask, model })
    expect(down.doGenerateCalls).toHaveLength(calls)
    await generateText({ ...ask, model })
    expect(down.doGenerateCalls).toHaveLength(status === 503 ? 2 * calls : calls)
  })

  it('opens the circuit after three failed calls, and skips the model while it is open', async () => {
    const [down, second] = [mock('down', apiError(500)), mock('second', 'hi')]
    const breaker = vi.fn()
    const model = createFallbackModel({ models: [down, second], retry, on: { breaker } })
    for (let call = 0; call < 5; call++) await generateText({ ...ask, model })
    // Two calls with a retry each. The third call opens the circuit with its first attempt.
    expect(down.doGenerateCalls).toHaveLength(5)
    expect(breaker).toHaveBeenCalledExactlyOnceWith({ target: 'mock/down', state: 'open' })
    expect(model.stats()).toMatchObject({
      calls: 5,
      succeeded: 5,
      inFlight: 0,
      targets: [{ name: 'mock/down', circuit: 'open' }, { circuit: 'closed' }],
    })
  })

  it('waits as long as Retry-After asks for when no other model can take over', async () => {
    const only = mock('only', apiError(429, { 'retry-after-ms': '20' }), 'hi')
    const result = await generateText({ ...ask, model: createFallbackModel({ models: [only] }) })
    expect(result.text).toBe('hi')
    expect(receiptOf(result)?.attempts[0]?.failure).toMatchObject({ kind: 'rate-limit', retryAfterMs: 20 })
  })

  it('throws the error of an invalid request at once, with a receipt', async () => {
    const [first, second] = [mock('first', apiError(400)), mock('second', 'hi')]
    const error: unknown = await generateText({
      ...ask,
      model: createFallbackModel({ models: [first, second] }),
    }).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ name: 'AI_APICallError', statusCode: 400 })
    expect(receiptOf(error)).toMatchObject({ outcome: 'failure', upstreamCalls: 1 })
    expect(second.doGenerateCalls).toHaveLength(0)
  })

  it('throws AllTargetsFailedError with the errors of all models, which ai does not retry', async () => {
    const [first, second] = [mock('first', apiError(500)), mock('second', apiError(502))]
    const model = createFallbackModel({ models: [first, second], retry })
    const error: unknown = await generateText({ prompt: 'x', model }).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'all_targets_failed' })
    expect((error as AggregateError).errors).toHaveLength(2)
    expect(receiptOf(error)).toMatchObject({ outcome: 'failure', upstreamCalls: 5 })
    expect(model.stats()).toMatchObject({ calls: 1, failed: 1 })
  })

  it('sends at most maxUpstreamCalls requests', async () => {
    const models = ['a', 'b', 'c', 'd'].map((name) => mock(name, apiError(500)))
    const model = createFallbackModel({ models, retry, maxUpstreamCalls: 3 })
    const error: unknown = await generateText({ ...ask, model }).catch((thrown: unknown) => thrown)
    expect(receiptOf(error)?.upstreamCalls).toBe(3)
    expect(models.map(({ doGenerateCalls }) => doGenerateCalls.length)).toEqual([1, 1, 1, 0])
  })

  it('answers with the last resort, and reports it as degraded', async () => {
    const model = createFallbackModel({
      models: [mock('first', apiError(500))],
      retry: false,
      lastResort: (failures) => `sorry, ${failures.length}`,
    })
    const result = await generateText({ ...ask, model })
    expect(result.text).toBe('sorry, 1')
    expect(receiptOf(result)).toMatchObject({ degraded: true, target: 'last resort', outcome: 'success' })
  })

  it('moves on after an abort that the caller did not cause, such as by a timeout of the fetch of the model', async () => {
    const gaveUp = new DOMException('This operation was aborted', 'AbortError')
    const model = createFallbackModel({ models: [mock('first', gaveUp), mock('second', 'hi')] })
    const result = await generateText({ ...ask, model })
    expect(result.text).toBe('hi')
    expect(receiptOf(result)?.attempts[0]).toMatchObject({ failure: { kind: 'timeout', ambiguous: true } })
  })

  it('moves on after attemptMs, and aborts the slow model', async () => {
    const [slow, second] = [mock('slow', 'hang'), mock('second', 'hi')]
    const model = createFallbackModel({
      models: [slow, second],
      attemptsBeforeFallback: 1,
      timeouts: { attemptMs: 500 },
    })
    const result = await generateText({ ...ask, model })
    expect(result.text).toBe('hi')
    expect(slow.aborted).toHaveLength(1)
    expect(receiptOf(result)?.attempts[0]).toMatchObject({ failure: { kind: 'timeout', ambiguous: true } })
  })

  it('ends after totalMs with a TimeoutError', async () => {
    const model = createFallbackModel({
      models: [mock('slow', 'hang')],
      totalMs: 20,
      timeouts: { attemptMs: 1_000 },
    })
    await expect(generateText({ ...ask, model })).rejects.toMatchObject({ name: 'TimeoutError' })
  })

  it('names totalMs when it is over, and no limit of an attempt, in a process that is slow', async () => {
    const model = createFallbackModel({ models: [mock('slow', 'hang')], totalMs: 1_000 })
    // A few milliseconds pass between any two looks at the clock.
    let looks = 0
    const look = performance.now.bind(performance)
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => look() + 5 * ++looks)
    const error: unknown = await generateText({ ...ask, model }).catch((reason: unknown) => reason)
    clock.mockRestore()
    expect(error).toMatchObject({ name: 'TimeoutError', scope: 'deadline' })
    expect(receiptOf(error)?.attempts).toMatchObject([{ outcome: 'abandoned' }])
  })

  it('uses the faster answer of a hedge, and aborts the slow model', async () => {
    const [slow, second] = [mock('slow', 'hang'), mock('second', 'hi')]
    const model = createFallbackModel({ models: [slow, second], hedge: { afterMs: 5, maxExtraRatio: 1 } })
    const result = await generateText({ ...ask, model })
    expect(result.text).toBe('hi')
    expect(slow.aborted).toHaveLength(1)
    expect(receiptOf(result)?.attempts).toMatchObject([
      { target: 'mock/slow', outcome: 'abandoned' },
      { target: 'mock/second', outcome: 'answered', reason: 'hedge' },
    ])
    expect(model.stats().targets[0]).toMatchObject({ circuit: 'closed' })
  })

  it('ends at once with the reason of the caller, aborts the model, and counts no failure', async () => {
    const slow = mock('slow', 'hang')
    const end = vi.fn<(receipt: ModelReceipt) => void>()
    const model = createFallbackModel({ models: [slow, mock('second', 'hi')], on: { end } })
    const controller = new AbortController()
    const reason = new Error('gone')
    setTimeout(() => controller.abort(reason), 10)
    await expect(model.doGenerate({ prompt: [], abortSignal: controller.signal })).rejects.toBe(reason)
    expect(slow.aborted).toEqual([reason])
    expect(end).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ outcome: 'aborted' }))
    expect(receiptOf(reason)).toMatchObject({ outcome: 'aborted' })
  })

  it('adds the labels of the call to those of the model, and sends neither to a provider', async () => {
    const only = mock('only', 'hi')
    const model = createFallbackModel({ models: [only], labels: { app: 'shop' } })
    const result = await generateText({
      ...ask,
      model,
      providerOptions: { harbor: { labels: { tenant: 'acme' } }, openai: { user: 'u' } },
    })
    expect(receiptOf(result)?.labels).toEqual({ app: 'shop', tenant: 'acme' })
    expect(only.doGenerateCalls[0]?.providerOptions).toEqual({ openai: { user: 'u' } })
    expect(JSON.stringify(receiptOf(result))).not.toContain('secret question')
  })

  it('refuses an unknown option, a wrong label and a model id', async () => {
    const only = mock('only', 'hi')
    expect(() => createFallbackModel({ models: [only], timeout: 1 } as never)).toThrow(/did you mean totalMs/)
    expect(() => createFallbackModel({ models: [] })).toThrow(/models must be a list/)
    expect(() => createFallbackModel({ models: ['openai/gpt-5' as never] })).toThrow(/gateway\(id\)/)
    expect(() => createFallbackModel({ models: [only], timeouts: { idleMs: 0 } })).toThrow(/idleMs/)
    const model = createFallbackModel({ models: [only] })
    await expect(
      generateText({ ...ask, model, providerOptions: { harbor: { labels: { tenant: 1 } } } }),
    ).rejects.toThrow(/labels must be/)
    expect(only.doGenerateCalls).toHaveLength(0)
  })

  it('uses models of version 3, and works under the middleware of ai', async () => {
    const v3 = new MockLanguageModelV3({
      modelId: 'v3',
      doGenerate: {
        content: [{ type: 'text', text: 'hi' }],
        finishReason: { unified: 'stop', raw: 'stop' },
        usage: USAGE,
        warnings: [],
      },
    })
    const model = wrapLanguageModel({ model: createFallbackModel({ models: [v3] }), middleware: {} })
    const result = await generateText({ ...ask, model })
    expect(result.text).toBe('hi')
    expect(receiptOf(result)?.modelId).toBe('v3')
  })

  it('returns the URLs that all models support', async () => {
    const [one, two] = [mock('one', 'hi'), mock('two', 'hi')]
    Object.defineProperty(one, 'supportedUrls', {
      value: { 'image/*': [/^https:/, /^gs:/], 'audio/*': [/^https:/] },
    })
    Object.defineProperty(two, 'supportedUrls', { value: { 'image/*': [/^https:/] } })
    expect(await createFallbackModel({ models: [one, two] }).supportedUrls).toEqual({
      'image/*': [/^https:/],
    })
  })

  it('remembers the targets of at most 10,000 conversations, those used last', () => {
    const remembered = new RememberedTargets()
    for (let call = 0; call < 100_000; call++) remembered.remember([`call:${call}`], 'target')
    expect(remembered.size).toBe(10_000)
    expect(remembered.find(['call:99999'])).toBe('target')
    expect(remembered.find(['call:0'])).toBeUndefined()
  })

  it('refuses calls after close()', async () => {
    const model = createFallbackModel({ models: [mock('only', 'hi')] })
    model.close()
    await expect(generateText({ ...ask, model })).rejects.toMatchObject({ code: 'model_closed' })
  })
})
