import { consecutive } from '@harbor/breaker'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  perCall,
  receiptOf,
  type CallObservation,
  type CallObserver,
  type Harbor,
  type ObservedClient,
} from '../src/index.ts'
import { failureOf, status } from './helpers/expect-failure.ts'
import { harborFetchFor, harborFor, HELLO, simulate } from './helpers/harbor-for.ts'
import { observing } from './helpers/observing.ts'
import { harborWithBackup } from './helpers/two-providers.ts'

const ask = (harbor: Harbor, more: object = {}, options?: object) =>
  harbor.chat.completions.create({ ...HELLO, ...more }, options)

describe('an observer', () => {
  it('gets the start, attempts, waits and the end of a call, in order', async () => {
    const provider = await simulate()
    const { observer, calls } = observing()
    const harbor = harborFor(provider, { telemetry: observer })
    provider.fail(status(503, { retryAfter: 5 }))
    const reply = await ask(harbor)
    expect(calls).toHaveLength(1)
    const [call] = calls
    expect(call?.events).toEqual([
      'attempt 1',
      'attemptEnded 1',
      'waited retry-after',
      'attempt 2',
      'attemptEnded 2',
      'end',
    ])
    expect(call?.receipt).toBe(receiptOf(reply))
    expect(call?.attempts).toEqual(call?.receipt.attempts)
    expect(call?.request).toEqual({
      protocol: 'openai-chat',
      operation: 'chat',
      provider: 'openai',
      model: 'gpt-4',
      streaming: false,
      url: `${provider.baseURL}/chat/completions`,
    })
  })

  it('gets the end of a stream when the stream has ended', async () => {
    const { observer, calls } = observing()
    const harbor = harborFor(await simulate(), { telemetry: [observer] })
    const stream = await harbor.chat.completions.create({ ...HELLO, stream: true })
    expect(calls[0]?.events).toEqual(['attempt 1'])
    for await (const _chunk of stream);
    expect(calls[0]?.events).toEqual(['attempt 1', 'attemptEnded 1', 'end'])
  })

  it('adds headers to what is sent, and only to that attempt', async () => {
    const provider = await simulate()
    const { observer } = observing()
    const harbor = harborFor(provider, { telemetry: observer })
    provider.fail(status(500))
    await ask(harbor)
    expect(provider.requests().map(({ headers }) => headers['x-attempt'])).toEqual(['0.1', '0.2'])
  })

  it('is that of the call, of a copy and of createHarborFetch(), and is left out by false', async () => {
    const provider = await simulate()
    const [client, call, copy] = [observing(), observing(), observing()]
    const harbor = harborFor(provider, { telemetry: client.observer })
    await ask(harbor, {}, perCall({ telemetry: call.observer }))
    await ask(harbor, {}, perCall({ telemetry: false }))
    await ask(harbor.withOptions({ telemetry: copy.observer }))
    const fetch = harborFetchFor({ telemetry: client.observer })
    const init = { method: 'POST', body: JSON.stringify(HELLO) }
    await fetch.with({ telemetry: copy.observer })(`${provider.baseURL}/chat/completions`, init)
    expect([client, call, copy].map(({ calls }) => calls.length)).toEqual([0, 1, 2])
    await fetch(`${provider.baseURL}/chat/completions`, init)
    expect(client.calls.map(({ ends }) => ends)).toEqual([1])
  })

  it.each([{ telemetry: {} }, { telemetry: [1] }, { telemetry: true }])(
    'is refused if invalid: %j',
    (options) => {
      const refusal = expect.objectContaining({ option: 'telemetry' }) as Error
      expect(() => perCall(options as never)).toThrow(refusal)
      expect(() => harborFor({ baseURL: 'http://localhost/v1' }, options as never)).toThrow(refusal)
    },
  )

  it('gets the attempt that lost to a hedge, once, and before the end', async () => {
    const { primary, harbor } = await harborWithBackup({ hedge: { afterMs: 10, maxExtraRatio: 1 } })
    const { observer, calls } = observing()
    await ask(harbor)
    primary.fail({ type: 'hang' })
    await ask(harbor, {}, perCall({ telemetry: observer }))
    await expect.poll(() => calls[0]?.ends).toBe(1)
    expect(calls[0]?.ended.map(({ number }) => number).toSorted()).toEqual([1, 2])
    expect(calls[0]?.ended.find(({ number }) => number === 1)?.failure).toMatchObject({ code: 'lost_hedge' })
    expect(calls[0]?.events.at(-1)).toBe('end')
    expect(calls[0]?.waits).toMatchObject([{ reason: 'hedge-delay' }])
  })

  it('gets the end of a call that is aborted during a wait and during an attempt', async () => {
    const provider = await simulate()
    const { observer, calls } = observing()
    const retry = { baseDelayMs: 5_000, jitter: false } as const
    const harbor = harborFor(provider, { telemetry: observer, retry })
    provider.fail(status(500), { type: 'hang' })
    for (const started of [() => calls[0]?.ended.length === 1, () => provider.counts().calls === 2]) {
      const leaving = new AbortController()
      const failure = failureOf(ask(harbor, {}, { signal: leaving.signal }))
      await expect.poll(started).toBe(true)
      leaving.abort()
      await failure
    }
    await expect.poll(() => calls.map(({ ends }) => ends)).toEqual([1, 1])
    expect(calls[0]?.events).toEqual(['attempt 1', 'attemptEnded 1', 'waited backoff', 'end'])
    expect(calls[1]?.events).toEqual(['attempt 1', 'attemptEnded 1', 'end'])
  })
})

describe('an upstream call', () => {
  it('is observed apart from the calls that it serves, and has their attempts', async () => {
    const { observer, calls } = observing()
    const harbor = harborFor(await simulate(), { cache: true, telemetry: observer })
    const question = { temperature: 0 }
    const replies = await Promise.all([ask(harbor, question), ask(harbor, question)])
    await ask(harbor, question)
    const upstream = calls.filter(({ role }) => role === 'upstream')
    expect(upstream).toHaveLength(1)
    expect(upstream[0]?.events).toEqual(['attempt 1', 'attemptEnded 1', 'end'])
    expect(upstream[0]?.receipt).toMatchObject({ outcome: 'success', attempts: { length: 1 } })
    expect(upstream[0]?.receipt.usage).toEqual(receiptOf(replies[0])?.usage)
    const served = calls.filter(({ role }) => role === 'call')
    expect(served.map(({ events }) => events)).toEqual([['end'], ['end'], ['end']])
    expect(upstream[0]?.receipt.id).toBe(served[0]?.receipt.id)
  })

  it('is named to the calls that it serves: to the first and to those that joined, also if it fails', async () => {
    const { observer, calls } = observing()
    const provider = await simulate()
    const harbor = harborFor(provider, { cache: true, telemetry: observer, retry: false })
    const three = (more: object): Promise<unknown> =>
      Promise.allSettled([1, 2, 3].map(() => ask(harbor, { temperature: 0, ...more })))
    const streams = async (more: object): Promise<void> => {
      const stream = await harbor.chat.completions.create({ ...HELLO, temperature: 0, ...more, stream: true })
      for await (const _chunk of stream);
    }
    await three({ seed: 1 })
    await three({ seed: 1 })
    provider.fail(status(400))
    await three({ seed: 2 })
    await Promise.all([1, 2].map(() => streams({ seed: 3 })))
    await expect.poll(() => calls.filter(({ ends }) => ends === 0)).toEqual([])
    const servers = new Set(calls.filter(({ role }) => role === 'upstream').map(({ receipt }) => receipt))
    const served = calls.filter(({ role }) => role === 'call').map(({ servedBy }) => [...servedBy])
    expect(served.map(({ length }) => length)).toEqual([1, 1, 1, 0, 0, 0, 1, 1, 1, 1, 1])
    expect(new Set(served.flat())).toEqual(servers)
  })

  it('is named to each member of a batch of embeddings, whose cached leader has an upstream call of its own', async () => {
    const { observer, calls } = observing()
    const harbor = harborFor(await simulate(), {
      cache: true,
      embeddingBatch: { maxWaitMs: 10 },
      telemetry: observer,
    })
    await Promise.all(['a', 'b'].map((input) => harbor.embeddings.create({ model: 'e', input })))
    const upstream = calls.filter(({ role }) => role === 'upstream')
    expect(upstream.map(({ events }) => events.includes('attempt 1'))).toEqual([false, false, true])
    const [own, other, batch] = upstream.map(({ receipt }) => receipt)
    expect(upstream.map(({ servedBy }) => [...servedBy])).toEqual([[batch], [batch], []])
    const served = calls.filter(({ role }) => role === 'call').map(({ servedBy }) => [...servedBy])
    expect(served).toEqual([[own], [other]])
  })

  it('is observed for a batch of embeddings, a prefetch and a refresh', async () => {
    const { observer, calls } = observing()
    const provider = await simulate()
    const batching = harborFor(provider, { embeddingBatch: { maxWaitMs: 10 }, telemetry: observer })
    const embed = (input: string): PromiseLike<unknown> => batching.embeddings.create({ model: 'e', input })
    await Promise.all([embed('one'), embed('two')])
    expect(calls.map(({ role, events }) => [role, events.length])).toEqual([
      ['call', 2],
      ['call', 2],
      ['upstream', 3],
    ])
    calls.length = 0
    const cache = { ttlMs: 1, staleWhileRevalidateMs: 60_000 }
    const cached = harborFor(provider, { cache, telemetry: observer })
    await cached.prefetch([{ body: { ...HELLO, temperature: 0 } }])
    expect(calls.map(({ role }) => role)).toEqual(['upstream'])
    expect(calls[0]?.receipt.isPrefetch).toBe(true)
    await new Promise((resolve) => setTimeout(resolve, 20))
    const stale = await ask(cached, { temperature: 0 })
    expect(receiptOf(stale)?.cache?.status).toBe('stale')
    await expect
      .poll(() => calls.map(({ role, ends }) => [role, ends]))
      .toEqual([
        ['upstream', 1],
        ['call', 1],
        ['upstream', 1],
      ])
  })
})

describe('the client of an observed call', () => {
  it('is the same for all calls of a client and its copies, and has its state', async () => {
    const clients: ObservedClient[] = []
    const changes: string[] = []
    const observer: CallObserver = {
      start: ({ client }) => {
        if (!clients.includes(client))
          client.on('breaker', ({ target, state }) => changes.push(`${target} ${state}`))
        clients.push(client)
        return undefined
      },
    }
    const provider = await simulate()
    const harbor = harborFor(provider, {
      telemetry: observer,
      retry: false,
      breaker: { trip: consecutive(1) },
    })
    await ask(harbor)
    await ask(harbor.withOptions({ retry: false }))
    provider.fail(status(500))
    await failureOf(ask(harbor))
    expect(new Set(clients).size).toBe(1)
    expect(clients[0]?.stats()).toMatchObject({
      closed: false,
      targets: { 'openai/gpt-4': { state: 'open' } },
    })
    expect(changes).toEqual(['openai/gpt-4 open'])
    await harbor.close()
    expect(clients[0]?.stats().closed).toBe(true)
  })
})

describe('an observer that does wrong', () => {
  const fail = (): never => {
    throw new Error('observer')
  }
  const reject = (): Promise<never> => Promise.reject(new Error('observer'))
  const rejecting: unknown = { attempt: reject, attemptEnded: reject, waited: reject, end: reject }
  const WRONG: Readonly<Record<string, CallObserver>> = {
    'throws at the start': { start: fail },
    'throws everywhere': { start: () => ({ attempt: fail, attemptEnded: fail, waited: fail, end: fail }) },
    'rejects everywhere': { start: () => rejecting as CallObservation },
    'returns nonsense': { start: () => ({ attempt: () => 7 as never, end: 7 as never }) },
    'never sends': { start: () => ({ attempt: () => Promise.resolve(undefined as never) }) },
    'sends twice': {
      start: () => ({
        attempt: async (_, send) => {
          await send()
          return send()
        },
      }),
    },
    'sends, and then throws': {
      start: () => ({
        attempt: async (_, send) => {
          await send()
          return fail()
        },
      }),
    },
    'sends late': {
      start: () => ({
        attempt: async (_, send) => {
          await new Promise((resolve) => setTimeout(resolve, 5))
          return send()
        },
      }),
    },
    'gives invalid headers': { start: () => ({ attempt: (_, send) => send({ 'bad name': 'a\nb' }) }) },
  }

  it.each(Object.entries(WRONG))('changes no call: %s', async (_, observer) => {
    const warnings: Error[] = []
    const note = (warning: Error): void => void warnings.push(warning)
    process.on('warning', note)
    onTestFinished(() => void process.off('warning', note))
    const provider = await simulate()
    const good = observing()
    const harbor = harborFor(provider, { telemetry: [observer, good.observer] })
    provider.fail(status(500))
    expect((await ask(harbor)).choices).toHaveLength(1)
    expect(provider.counts().calls).toBe(2)
    provider.fail(status(400))
    expect(await failureOf(ask(harbor))).toMatchObject({ status: 400 })
    expect(good.calls.map(({ ends, ended }) => [ends, ended.length])).toEqual([
      [1, 2],
      [1, 1],
    ])
    await new Promise((resolve) => setImmediate(resolve))
    expect(warnings.length).toBeLessThanOrEqual(1)
  })

  it('cannot hold a call beyond its time', async () => {
    const observer: CallObserver = { start: () => ({ attempt: () => new Promise(() => undefined) }) }
    const provider = await simulate()
    const harbor = harborFor(provider, { telemetry: observer, retry: false, timeout: 80 })
    expect(await failureOf(ask(harbor))).toMatchObject({ message: expect.stringContaining('time') as string })
    const left = harborFor(provider, { telemetry: observer, retry: false })
    const error = await failureOf(ask(left, {}, { signal: AbortSignal.timeout(30) }))
    expect(error).toMatchObject({ name: expect.stringMatching(/Abort|Error/) as string })
    expect(provider.counts().calls).toBe(0)
  })
})
