import type { Fault, SimulatedProvider } from '@harbor/simulator'
import OpenAI from 'openai'
import { beforeEach, describe, expect, it } from 'vitest'
import { perCall, StreamFaultError, TimeoutError, type HarborFetchOptions } from '../src/index.ts'
import { createTally } from './foreign/tally.ts'
import { failureOf } from './helpers/expect-failure.ts'
import { harborFetchFor, harborFor, HELLO, simulate } from './helpers/harbor-for.ts'
import { timeInTurns } from './helpers/time-in-turns.ts'

type Client = Pick<OpenAI, 'chat'>

const CLIENTS: readonly (readonly [
  name: string,
  make: (provider: SimulatedProvider, options: HarborFetchOptions) => Client,
])[] = [
  ['Harbor', harborFor],
  ['a copy of Harbor', (provider, options) => harborFor(provider, options).withOptions({})],
  [
    'the SDK over createHarborFetch',
    ({ baseURL }, options) =>
      new OpenAI({ apiKey: 'test-key', baseURL, fetch: harborFetchFor(options), maxRetries: 0 }),
  ],
]

const HANG: Fault = { type: 'hang' }
const ROLE_ONLY: Fault = { type: 'stream-stall', afterEvents: 1 }

/** Reasons of aborts. Some of them look like failures of the provider or of Harbor. */
const REASONS: readonly (readonly [what: string, reason: unknown])[] = [
  ['no reason', undefined],
  ['an error', new Error('mine')],
  ['a word', 'enough'],
  [
    'a TimeoutError, as AbortSignal.timeout() does',
    new DOMException('The operation timed out.', 'TimeoutError'),
  ],
  ['a broken connection', Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })],
  ['a failed fetch', new TypeError('fetch failed', { cause: { code: 'ECONNREFUSED' } })],
  ['an answer of 503', Object.assign(new Error('503'), { status: 503 })],
  ['a lost hedge', Object.assign(new Error('lost'), { code: 'lost_hedge' })],
  ['a full queue', Object.assign(new Error('full'), { name: 'PoolQueueFullError', code: 'queue_full' })],
  ['a timeout of Harbor', new TimeoutError('attempt', 20)],
  ['a fault of a stream', new StreamFaultError('stream_incomplete', 'It ended.')],
]

beforeEach(timeInTurns)

function always(fault: Fault): Promise<SimulatedProvider> {
  return simulate({ providers: { openai: { rules: [{ fault }] } } })
}

describe.each(CLIENTS)('an abort by a caller of %s', (_, make) => {
  it.each(REASONS)('does not count against the target: with %s', async (_, reason) => {
    const [provider, other] = [await always(HANG), await simulate()]
    const tally = createTally()
    const client = make(provider, {
      breaker: { trip: tally.rule },
      providers: { other: { apiKey: 'key', baseURL: other.baseURL } },
      fallback: ['other/gpt-4'],
    })
    const controller = new AbortController()
    const call = failureOf(client.chat.completions.create(HELLO, { signal: controller.signal }))
    while (provider.counts().inFlight === 0) await new Promise((resolve) => setTimeout(resolve, 1))
    controller.abort(reason)
    await call
    await provider.whenIdle()
    expect(tally.verdict()).toBe('nothing')
    expect([provider.counts().calls, other.counts().calls]).toEqual([1, 0])
  })

  it.each(REASONS)(
    'does not count against the target before the first content either: with %s',
    async (_, reason) => {
      const provider = await always(ROLE_ONLY)
      const tally = createTally()
      const client = make(provider, { breaker: { trip: tally.rule } })
      const controller = new AbortController()
      const call = failureOf(
        client.chat.completions.create({ ...HELLO, stream: true }, { signal: controller.signal }),
      )
      while (provider.counts().inFlight === 0) await new Promise((resolve) => setTimeout(resolve, 1))
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve, 1))
      controller.abort(reason)
      expect(await call).toBeInstanceOf(OpenAI.APIUserAbortError)
      await provider.whenIdle()
      expect(tally.verdict()).toBe('nothing')
      expect(provider.counts().calls).toBe(1)
    },
  )
})

it('aborts by callers count as no failures, and as possibly billed', async () => {
  const provider = await always(HANG)
  const harbor = harborFor(provider)
  const calls = REASONS.map(([, reason]) => {
    const controller = new AbortController()
    setTimeout(() => controller.abort(reason), 20)
    return failureOf(harbor.chat.completions.create(HELLO, { signal: controller.signal }))
  })
  await Promise.all(calls)
  await provider.whenIdle()
  const { length } = REASONS
  expect(harbor.stats()).toMatchObject({
    calls: length,
    failures: {},
    availability: 1,
    possiblyBilled: length,
  })
  expect(harbor.stats().targets['openai/gpt-4']?.state).toBe('closed')
})

it('aborts are attributed by their signal, also when the transport throws something else', async () => {
  const tally = createTally()
  const controller = new AbortController()
  const fetch = harborFetchFor({
    breaker: { trip: tally.rule },
    fetch: (_, init) =>
      new Promise((_resolve, reject) => {
        init?.signal?.addEventListener('abort', () => {
          reject(Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }))
        })
      }),
  })
  const call = fetch('http://provider.invalid/v1/chat/completions', {
    method: 'POST',
    body: JSON.stringify(HELLO),
    signal: controller.signal,
  })
  const reason = new Error('mine')
  setTimeout(() => controller.abort(reason), 5)
  expect(await failureOf(call)).toBe(reason)
  expect(tally.verdict()).toBe('nothing')
})

describe.each(CLIENTS.slice(0, 2))('the timeout of a call of %s', (_, make) => {
  it.each([
    [20, 'nothing'],
    [1_900, 'nothing'],
    [2_000, 'failure'],
  ] as const)('counts at %i ms as %s before the first answers of the target', async (timeout, verdict) => {
    const provider = await always(HANG)
    const tally = createTally()
    const client = make(provider, { breaker: { trip: tally.rule } })
    await failureOf(client.chat.completions.create(HELLO, { timeout, maxRetries: 0 }))
    expect(tally.verdict()).toBe(verdict)
  })

  it.each([
    [60, 'nothing'],
    [600, 'failure'],
  ] as const)('counts at %i ms as %s where answers take 300 ms', async (timeout, verdict) => {
    const provider = await simulate({
      providers: { openai: { rules: [{ when: { says: 'slow' }, fault: HANG }], latency: 300 } },
    })
    const tally = createTally()
    const client = make(provider, { breaker: { trip: tally.rule } })
    await Promise.all(Array.from({ length: 20 }, () => client.chat.completions.create(HELLO)))
    tally.reset()
    const slow = { ...HELLO, messages: [{ role: 'user' as const, content: 'slow' }] }
    await failureOf(client.chat.completions.create(slow, { timeout, maxRetries: 0 }))
    expect(tally.verdict()).toBe(verdict)
  })

  it('opens no circuit when it is short, also not with half of it left for another target', async () => {
    const [provider, other] = [await always(HANG), await simulate()]
    const client = make(provider, {
      providers: { other: { apiKey: 'key', baseURL: other.baseURL } },
      fallback: ['other/gpt-4'],
      attemptsBeforeFallback: 1,
    })
    for (let call = 0; call < 5; call++) {
      await client.chat.completions.create(HELLO, { timeout: 200 })
    }
    expect([provider.counts().calls, other.counts().calls]).toEqual([5, 5])
  })
})

describe('a clock', () => {
  it.each(['attemptMs', 'firstTokenMs'] as const)(
    'counts against the target when the client sets it, and not when one call sets it (%s)',
    async (clock) => {
      const provider = await always(HANG)
      const body = { ...HELLO, stream: true as const }
      for (const [options, asked, verdict] of [
        [{}, perCall({ timeouts: { [clock]: 50 } }), 'nothing'],
        [{ timeouts: { [clock]: 50 } }, {}, 'failure'],
      ] as const) {
        const tally = createTally()
        const harbor = harborFor(provider, { breaker: { trip: tally.rule }, ...options })
        if (clock === 'firstTokenMs') provider.script({ rules: [{ fault: ROLE_ONLY }] })
        await failureOf(harbor.chat.completions.create(body, { ...asked, maxRetries: 0 }))
        expect(tally.verdict()).toBe(verdict)
      }
    },
  )
})
