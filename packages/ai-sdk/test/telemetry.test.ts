import { AsyncLocalStorage } from 'node:async_hooks'
import type { CallObserver as CoreObserver, Receipt } from '@harbor/core'
import { embed, generateText, streamText } from 'ai'
import { MockEmbeddingModelV4 } from 'ai/test'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, expectTypeOf, it, vi } from 'vitest'
import {
  createFallbackEmbeddingModel,
  createFallbackModel,
  type CallObservation,
  type CallObserver,
  type ObservedAttempt,
  type ObservedReceipt,
  type ObservedWait,
  type RequestFacts,
} from '../src/index.ts'
import { apiError, cut, delta, mock, startOnly, whole } from './mock-models.ts'

type Notice =
  | { event: 'start'; request: RequestFacts }
  | { event: 'attempt' | 'attemptEnded'; attempt: ObservedAttempt }
  | { event: 'waited'; wait: ObservedWait }
  | { event: 'end'; receipt: ObservedReceipt }

/** An observer that records its notices, as they are at that moment. */
function recorder(): { observer: CallObserver; notices: Notice[]; names: () => string[] } {
  const notices: Notice[] = []
  const observer: CallObserver = {
    start: ({ request }) => {
      notices.push({ event: 'start', request })
      return {
        attempt: (attempt, send) => {
          notices.push({ event: 'attempt', attempt: { ...attempt } })
          return send()
        },
        attemptEnded: (attempt) => void notices.push({ event: 'attemptEnded', attempt: { ...attempt } }),
        waited: (wait) => void notices.push({ event: 'waited', wait }),
        end: (receipt) => void notices.push({ event: 'end', receipt }),
      }
    },
  }
  return { observer, notices, names: () => notices.map(({ event }) => event) }
}

const last = (notices: readonly Notice[]): ObservedReceipt => {
  const notice = notices.at(-1)
  if (notice?.event !== 'end') throw new Error('The call has not ended.')
  return notice.receipt
}

const warnings: Error[] = []
const onWarning = (warning: Error): void => void warnings.push(warning)
beforeEach(() => {
  warnings.length = 0
  process.on('warning', onWarning)
})
afterEach(() => {
  process.off('warning', onWarning)
  vi.useRealTimers()
})

const ask = (model: ReturnType<typeof createFallbackModel>, abortSignal?: AbortSignal) =>
  generateText({ model, prompt: 'A secret question', maxRetries: 0, ...(abortSignal && { abortSignal }) })

describe('the option telemetry of a fallback model', () => {
  it('notifies of the start, the attempt, its end and the end of a call', async () => {
    const { observer, notices, names } = recorder()
    await ask(
      createFallbackModel({ models: [mock('m', 'hello')], telemetry: observer, labels: { app: 'x' } }),
    )
    expect(names()).toEqual(['start', 'attempt', 'attemptEnded', 'end'])
    expect(notices[0]).toMatchObject({
      request: { protocol: 'ai-sdk', operation: 'chat', provider: 'mock', model: 'm', streaming: false },
    })
    expect(last(notices)).toMatchObject({
      outcome: 'success',
      target: 'mock/m',
      labels: { app: 'x' },
      usage: { inputTokens: 1, outputTokens: 1 },
      finishReasons: ['stop'],
      attempts: [
        { number: 1, reason: 'first', failure: undefined, durationMs: expect.any(Number) as number },
      ],
    })
  })

  it('passes receipts that JSON contains whole', async () => {
    const { observer, notices } = recorder()
    await ask(createFallbackModel({ models: [mock('m', 'hello')], telemetry: observer }))
    const receipt = last(notices)
    const json = JSON.parse(JSON.stringify(receipt)) as ObservedReceipt
    const { id, target, model, outcome, durationMs, attempts, usage } = receipt
    expect(json).toMatchObject({ id, target, model, outcome, durationMs, usage, labels: {}, skipped: [] })
    expect(json.attempts).toEqual(JSON.parse(JSON.stringify(attempts)))
  })

  it('passes receipts whose fields can be copied, compared and printed like those of any object', async () => {
    const { observer, notices } = recorder()
    await ask(createFallbackModel({ models: [mock('m', 'hello')], telemetry: observer }))
    const receipt = last(notices)
    const { id, outcome, durationMs } = receipt
    expect({ ...receipt }).toMatchObject({ id, outcome, durationMs })
    expect(structuredClone(receipt)).toMatchObject({ id, outcome, durationMs })
    expect(Object.keys(receipt)).toContain('outcome')
    // A test of a user that fails shows the difference. Vitest compares with a copy for that.
    expect(() => expect(receipt).toMatchObject({ outcome: 'failure' })).toThrow(/to match object/)
  })

  it('notifies of retries, waits, fallbacks and skipped targets, with the phase of each failure', async () => {
    const { observer, notices, names } = recorder()
    const down = mock('down', apiError(503), apiError(500))
    const model = createFallbackModel({
      models: [down, mock('up', 'hello')],
      telemetry: observer,
      retry: { baseDelayMs: 5 },
    })
    await ask(model)
    expect(names()).toEqual([
      'start',
      'attempt',
      'attemptEnded',
      'waited',
      'attempt',
      'attemptEnded',
      'attempt',
      'attemptEnded',
      'end',
    ])
    const { attempts, waits, waitMs } = last(notices)
    expect(attempts).toMatchObject([
      { reason: 'first', status: 503, failure: { phase: 'headers' }, waitedFor: 'nothing' },
      { reason: 'retry', status: 500, failure: { phase: 'headers' }, waitedFor: 'backoff' },
      { reason: 'fallback', status: undefined, failure: undefined, waitedFor: 'nothing' },
    ])
    expect(waits).toMatchObject([{ reason: 'backoff', ms: attempts[1]?.waitedMs }])
    expect(waitMs).toBe(waits[0]?.ms)
  })

  it('names the Retry-After of a provider as the reason of a wait', async () => {
    const { observer, notices } = recorder()
    const models = [mock('m', apiError(429, { 'retry-after-ms': '5' }), 'hello')]
    await ask(createFallbackModel({ models, telemetry: observer }))
    expect(last(notices).waits).toMatchObject([{ reason: 'retry-after' }])
  })

  it('notifies of each content of a stream, and of the state of the circuit', async () => {
    const times: number[] = []
    const circuits: unknown[] = []
    const observer: CallObserver = {
      start: () => ({
        chunks: ({ circuit }) => {
          circuits.push(circuit)
          return (at) => void times.push(at)
        },
      }),
    }
    const parts = whole('a', '', 'b', 'c')
    const model = createFallbackModel({ models: [mock('m', { parts })], telemetry: observer })
    const { stream } = await model.doStream({
      prompt: [{ role: 'user', content: [{ type: 'text', text: 'q' }] }],
    })
    for await (const _part of stream);
    expect(times).toHaveLength(3)
    expect(times).toEqual(times.toSorted((one, other) => one - other))
    expect(circuits).toEqual(['closed'])
  })

  it('notifies of the end of a stream when the stream has ended, with its tokens', async () => {
    const { observer, notices, names } = recorder()
    const model = createFallbackModel({ models: [mock('m', 'hello')], telemetry: observer })
    const { stream } = await model.doStream({
      prompt: [{ role: 'user', content: [{ type: 'text', text: 'q' }] }],
    })
    expect(names()).toEqual(['start', 'attempt'])
    for await (const part of stream) expect(part.type).toBeTypeOf('string')
    expect(names()).toEqual(['start', 'attempt', 'attemptEnded', 'end'])
    expect(last(notices)).toMatchObject({
      streaming: true,
      outcome: 'success',
      usage: { inputTokens: 1 },
      firstContentMs: expect.any(Number) as number,
    })
  })

  it('notifies of a stream that is cut as a failure in the body', async () => {
    const { observer, notices } = recorder()
    const model = createFallbackModel({
      models: [mock('m', { parts: cut('hel', 'lo') })],
      telemetry: observer,
    })
    await streamText({ model, prompt: 'q', maxRetries: 0, onError: () => undefined }).consumeStream()
    expect(last(notices)).toMatchObject({
      outcome: 'failure',
      failure: { kind: 'stream', clock: undefined },
      attempts: [{ failure: { phase: 'body' } }],
    })
  })

  it('ends the attempt of a hedge that lost, before the call ends', async () => {
    const { observer, notices } = recorder()
    const slow = mock('slow', 'hang')
    const model = createFallbackModel({
      models: [slow, mock('fast', 'hello')],
      hedge: { afterMs: 5, maxExtraRatio: 1 },
      telemetry: observer,
    })
    await ask(model)
    const ended = notices.filter(({ event }) => event === 'attemptEnded')
    expect(ended).toHaveLength(2)
    expect(last(notices)).toMatchObject({
      waits: [{ reason: 'hedge-delay' }],
      attempts: [{ reason: 'first', failure: { kind: 'aborted', code: 'lost_hedge' } }, { reason: 'hedge' }],
    })
  })

  it('notifies of an aborted call, and of an aborted stream', async () => {
    const { observer, notices } = recorder()
    const hangs = mock('m', 'hang', { parts: [...startOnly, delta('a')], hangs: true })
    const model = createFallbackModel({ models: [hangs], telemetry: observer })
    await expect(ask(model, AbortSignal.timeout(5))).rejects.toThrow()
    expect(last(notices)).toMatchObject({ outcome: 'aborted' })
    const controller = new AbortController()
    const { stream } = await model.doStream({
      prompt: [{ role: 'user', content: [{ type: 'text', text: 'q' }] }],
      abortSignal: controller.signal,
    })
    controller.abort()
    await expect(stream.getReader().read()).rejects.toThrow()
    expect(last(notices)).toMatchObject({ outcome: 'aborted', streaming: true })
  })

  it('says why a call failed: the last failure of its targets, or its timeout', async () => {
    const { observer, notices } = recorder()
    const down = [mock('m', apiError(500)), mock('n', apiError(503))]
    await expect(ask(createFallbackModel({ models: down, telemetry: observer }))).rejects.toThrow()
    expect(last(notices)).toMatchObject({ outcome: 'failure', failure: { status: 503 } })
    const slow = createFallbackModel({ models: [mock('m', 'hang')], totalMs: 200, telemetry: observer })
    await expect(ask(slow)).rejects.toThrow()
    expect(last(notices)).toMatchObject({ outcome: 'failure', failure: { kind: 'timeout', clock: 'total' } })
    expect(last(notices).attempts).toMatchObject([{ failure: { kind: 'timeout' } }])
    expect(last(notices).attempts.every(({ durationMs }) => durationMs !== undefined)).toBe(true)
  })

  it('says that the last resort answered', async () => {
    const { observer, notices } = recorder()
    const models = [mock('m', apiError(500))]
    await ask(createFallbackModel({ models, lastResort: () => 'sorry', telemetry: observer }))
    expect(last(notices)).toMatchObject({ outcome: 'success', target: 'last resort', degraded: true })
  })

  it('notifies of embedding calls', async () => {
    const { observer, notices, names } = recorder()
    const embedding = new MockEmbeddingModelV4({
      provider: 'mock',
      modelId: 'e',
      doEmbed: () => Promise.resolve({ embeddings: [[1, 2]], usage: { tokens: 7 }, warnings: [] }),
    })
    const model = createFallbackEmbeddingModel({ models: [embedding], telemetry: [observer] })
    await embed({ model, value: 'a text', maxRetries: 0 })
    expect(names()).toEqual(['start', 'attempt', 'attemptEnded', 'end'])
    expect(last(notices)).toMatchObject({ operation: 'embeddings', usage: { inputTokens: 7 } })
  })

  it('adds the headers of an observer to those of the call', async () => {
    const model = mock('m', 'hello')
    const observer: CallObserver = { start: () => ({ attempt: (_, send) => send({ traceparent: 'own' }) }) }
    await generateText({
      model: createFallbackModel({ models: [model], telemetry: observer }),
      prompt: 'q',
      headers: { 'x-own': '1' },
      maxRetries: 0,
    })
    expect(model.doGenerateCalls[0]?.headers).toMatchObject({ 'x-own': '1', traceparent: 'own' })
  })

  it('calls the model in the async context in which an observer sends the attempt', async () => {
    const context = new AsyncLocalStorage<string>()
    const seen: (string | undefined)[] = []
    const observer: CallObserver = {
      start: () => ({
        attempt: ({ number }, send) => context.run(`attempt ${number}`, () => send()),
      }),
    }
    const watched = mock('m', apiError(500), 'hello')
    const { doGenerate } = watched
    watched.doGenerate = (options) => {
      seen.push(context.getStore())
      return doGenerate.call(watched, options)
    }
    await ask(createFallbackModel({ models: [watched], telemetry: observer }))
    expect(seen).toEqual(['attempt 1', 'attempt 2'])
  })

  it('shows the circuits of the model, and when the time of the call is over', async () => {
    const changes: string[] = []
    let states: string[] = []
    const observer: CallObserver = {
      start: ({ client, deadlineAt, receipt }) => {
        expect(deadlineAt - receipt.startedAt).toBeCloseTo(5_000, -1)
        if (changes.length === 0)
          client.on('breaker', ({ target, state }) => changes.push(`${target} ${state}`))
        return {
          end: () => {
            states = Object.entries(client.stats().targets).map(([name, { state }]) => `${name} ${state}`)
          },
        }
      },
    }
    const models = [mock('down', apiError(500)), mock('up', 'hello')]
    const model = createFallbackModel({ models, totalMs: 5_000, telemetry: observer })
    for (let call = 0; call < 4; call++) await ask(model)
    expect(changes).toContain('mock/down open')
    expect(states).toEqual(['mock/down open', 'mock/up closed'])
  })

  it('rejects anything that is not an observer', () => {
    const create = (telemetry: unknown) => () =>
      createFallbackModel({ models: [mock('m')], telemetry: telemetry as CallObserver })
    for (const wrong of [true, 'otel', {}, [{}], null]) expect(create(wrong)).toThrow(/telemetry must be/)
    for (const right of [false, [], undefined, recorder().observer]) expect(create(right)).not.toThrow()
  })

  it('accepts observers of @harbor/core', () => {
    expectTypeOf<ObservedReceipt>().toExtend<Receipt>()
    expectTypeOf<CoreObserver>().toExtend<CallObserver>()
  })
})

describe('an observer of a fallback model that does something wrong', () => {
  const boom = (): never => {
    throw new Error('broken observer')
  }
  const rejecting = (): Promise<never> => Promise.reject(new Error('broken observer'))
  const WRONG: Readonly<Record<string, () => CallObservation | undefined>> = {
    'throws everywhere': () => ({ attempt: boom, attemptEnded: boom, waited: boom, end: boom }),
    'throws at the start': boom,
    'rejects everywhere': () => ({
      attempt: rejecting,
      attemptEnded: rejecting as unknown as () => undefined,
      end: rejecting as unknown as () => undefined,
    }),
    'never sends': () => ({ attempt: () => undefined as never }),
    'returns another answer': () => ({
      attempt: async <T>(_: ObservedAttempt, send: () => Promise<T>): Promise<T> => {
        await send()
        return 'another answer' as T
      },
    }),
    'sends twice': () => ({
      attempt: (_, send) => {
        void send()
        return send()
      },
    }),
  }

  it.each(Object.keys(WRONG))(
    'changes no call, and causes at most one warning: one that %s',
    async (name) => {
      const models = [mock('m', apiError(500), 'hello'), mock('n', 'other')]
      const model = createFallbackModel({ models, telemetry: { start: () => WRONG[name]?.() } })
      for (let call = 0; call < 3; call++) expect((await ask(model)).text).toBe('hello')
      expect(models[0]?.doGenerateCalls).toHaveLength(4)
      await new Promise(setImmediate)
      expect(warnings.length).toBeLessThanOrEqual(1)
    },
  )
})

describe('the notices of any calls (property)', () => {
  const step = fc.constantFrom(
    'hello',
    'hang',
    apiError(500),
    apiError(429, { 'retry-after-ms': '1' }),
    apiError(400),
    { parts: cut('hel', 'lo') },
    { parts: startOnly },
    { parts: whole('a', 'b') },
    { parts: [...startOnly, delta('a')], hangs: true },
  )

  it('have one end for each start, and one attemptEnded for each attempt before it', async () => {
    const property = fc.asyncProperty(
      fc.array(fc.array(step, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 3 }),
      fc.boolean(),
      fc.boolean(),
      fc.integer({ min: 1, max: 30 }),
      async (steps, streaming, hedged, abortAfterMs) => {
        const { observer, notices, names } = recorder()
        const model = createFallbackModel({
          models: steps.map((each, index) => mock(`m${index}`, ...each)),
          telemetry: observer,
          retry: { baseDelayMs: 1 },
          timeouts: { attemptMs: 15, idleMs: 15 },
          ...(hedged && { hedge: { afterMs: 3, maxExtraRatio: 1 } }),
        })
        const options = {
          prompt: [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'secret words' }] }],
          abortSignal: AbortSignal.timeout(abortAfterMs),
        }
        try {
          if (streaming) {
            const { stream } = await model.doStream(options)
            for await (const part of stream) expect(part.type).toBeTypeOf('string')
          } else await model.doGenerate(options)
        } catch {
          // How the call ends is tested elsewhere.
        }
        await expect.poll(() => names().at(-1)).toBe('end')
        const count = (name: string): number => names().filter((each) => each === name).length
        expect(count('start')).toBe(1)
        expect(count('end')).toBe(1)
        expect(count('attemptEnded')).toBe(count('attempt'))
        const { attempts, outcome } = last(notices)
        expect(outcome).not.toBe('pending')
        expect(attempts).toHaveLength(count('attempt'))
        expect(attempts.every(({ durationMs }) => durationMs !== undefined)).toBe(true)
        expect(JSON.stringify(notices)).not.toMatch(/secret|hello/)
      },
    )
    await fc.assert(property, { numRuns: 100 })
  })
})
