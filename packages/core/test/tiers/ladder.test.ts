import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import {
  APIConnectionTimeoutError,
  APIUserAbortError,
  perCall,
  receiptOf,
  type HarborOptions,
  type PerCallOptions,
} from '../../src/index.ts'
import { harborFor } from '../helpers/harbor-for.ts'
import { TieredProvider, type TieredProviderOptions } from '../helpers/tiers/tiered-provider.ts'

const MINUTE = 60_000
const messages = [{ role: 'user' as const, content: 'What is a harbour?' }]
const price = {
  inputPerMillion: 1,
  outputPerMillion: 10,
  tiers: { flex: 0.5, slow: 0.4, priority: 2 },
}
const models = {
  'gpt-5': { price },
  'gpt-5@flex': { model: 'gpt-5', params: { service_tier: 'flex' } },
  'gpt-5@priority': { model: 'gpt-5', params: { service_tier: 'priority' } },
  'gpt-5@brief': {
    model: 'gpt-5',
    params: { max_tokens: 5 },
    price: { inputPerMillion: 0, outputPerMillion: 0 },
  },
}
const TIMES = {
  default: { medianMs: 5_000, sigma: 0 },
  flex: { medianMs: 40_000, sigma: 0 },
  priority: { medianMs: 1_000, sigma: 0 },
  slow: { medianMs: 5 * MINUTE, sigma: 0 },
}
const FLEX = 'openai/gpt-5@flex'
const STANDARD = 'openai/gpt-5'

beforeEach(() => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
})

function ladder(options: Partial<TieredProviderOptions> = {}, more: HarborOptions = {}) {
  const provider = new TieredProvider({ times: TIMES, ...options })
  const harbor = harborFor({ baseURL: 'http://tiers.invalid/v1' }, { models, fetch: provider.fetch, ...more })
  /** Starts a call, lets time pass until it has ended, and returns its receipt and its error. */
  async function call(
    given: PerCallOptions = {},
    { model = 'gpt-5', ...body }: Record<string, unknown> = {},
  ) {
    const startedAt = performance.now()
    const answering = harbor.chat.completions
      .create({ model: String(model), messages, ...body }, { ...perCall({ prefer: 'cheapest', ...given }) })
      .then(
        (answer) => ({ receipt: receiptOf(answer), error: undefined as unknown, answer }),
        (error: unknown) => ({ receipt: receiptOf(error), error, answer: undefined }),
      )
    let ended: Awaited<typeof answering> | undefined
    void answering.then((result) => (ended = result))
    while (!ended) await vi.advanceTimersByTimeAsync(250)
    return { ...ended, tookMs: performance.now() - startedAt }
  }
  return { provider, harbor, call }
}

const targetsOf = (receipt: ReturnType<typeof receiptOf>) => receipt?.attempts.map(({ target }) => target)

describe('a call that prefers the cheapest tier', () => {
  it('is answered at the cheapest tier that fits in its deadline, and costs what that tier costs', async () => {
    const { call } = ladder()
    const { receipt } = await call({ deadlineMs: 10 * MINUTE })
    expect(receipt).toMatchObject({ target: FLEX, model: 'gpt-5', serviceTier: 'flex', outcome: 'success' })
    expect(receipt?.cost?.usd).toBeCloseTo((1_000 * 0.5 + 500 * 5) / 1e6)
    expect(receipt?.skipped).toEqual([])
  })

  it('is answered at the standard tier if the deadline leaves too little time, and the receipt says so', async () => {
    const { call } = ladder()
    await call({ deadlineMs: 10 * MINUTE })
    const { receipt } = await call({ deadlineMs: MINUTE })
    expect(receipt).toMatchObject({ target: STANDARD, outcome: 'success', attempts: [{ reason: 'first' }] })
    expect(receipt?.skipped).toEqual([{ target: FLEX, reason: 'the deadline leaves too little time for it' }])
  })

  it('tries a tier whose time is not known yet, and keeps half of its time for the standard tier', async () => {
    const quick = ladder({
      times: { default: { medianMs: 20, sigma: 0 }, flex: { medianMs: 100, sigma: 0 } },
    })
    expect((await quick.call({ deadlineMs: 2_000 })).receipt?.target).toBe(FLEX)
    const { receipt, tookMs } = await ladder().call({ deadlineMs: 20_000 })
    expect(targetsOf(receipt)).toEqual([FLEX, STANDARD])
    expect(tookMs).toBeLessThan(15_500)
  })

  it("knows the order of OpenAI's tiers at a provider whose prices are not known, and counts no discount there", async () => {
    const { price: _price, ...others } = { ...models['gpt-5'], weight: 1 }
    const { call } = ladder({}, { models: { ...models, 'gpt-5': others } })
    const { receipt } = await call({ deadlineMs: 10 * MINUTE })
    expect(receipt).toMatchObject({ target: FLEX, serviceTier: 'flex' })
  })

  it('learns from answers how long tiers take', async () => {
    const { call, harbor } = ladder()
    for (let n = 0; n < 5; n++) {
      await call({ deadlineMs: 10 * MINUTE })
      const plain = harbor.chat.completions.create({ model: 'gpt-5', messages })
      await vi.advanceTimersByTimeAsync(5_000)
      expect(receiptOf(await plain)?.target).toBe(STANDARD)
    }
    // 40 s at flex, and twice 5 s for the standard tier.
    expect((await call({ deadlineMs: 49_000 })).receipt?.target).toBe(STANDARD)
    expect((await call({ deadlineMs: 51_000 })).receipt?.target).toBe(FLEX)
  })

  it('forgets how slow a tier was after an hour', async () => {
    const { call } = ladder({ times: { ...TIMES, flex: { medianMs: 30 * MINUTE, sigma: 0 } } })
    expect((await call({ deadlineMs: 60 * MINUTE })).receipt?.target).toBe(FLEX)
    expect((await call({ deadlineMs: 20 * MINUTE })).receipt?.attempts).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(61 * MINUTE)
    expect((await call({ deadlineMs: 20 * MINUTE })).receipt?.attempts[0]?.target).toBe(FLEX)
  })

  it('tries a refused tier again after its cooldown, however often it is refused, and records waits and refusals', async () => {
    const { call, provider } = ladder({ refuses: (tier, at) => tier === 'flex' && at < 8 * MINUTE })
    const { receipt } = await call({ deadlineMs: 30 * MINUTE })
    expect(receipt).toMatchObject({ target: FLEX, outcome: 'success' })
    const attempts = receipt?.attempts ?? []
    expect(attempts.length).toBeGreaterThan(6)
    expect(attempts.slice(0, -1).every(({ failure }) => failure?.code === 'resource_unavailable')).toBe(true)
    expect(attempts.map(({ reason }) => reason)).toEqual(['first', ...attempts.slice(1).map(() => 'retry')])
    expect(attempts.at(-1)).toMatchObject({ waitedFor: 'tier' })
    expect(receipt?.waits.every(({ reason }) => reason === 'tier')).toBe(true)
    // 1, 2, 4, 8, 16 and 32 seconds, then a minute each time.
    const waits = (receipt?.waits ?? []).map(({ ms }) => Math.round(ms / 1_000))
    expect(waits.slice(0, 8)).toEqual([1, 2, 4, 8, 16, 32, 60, 60])
    expect(provider.billed).toEqual({ flex: 1 })
  })

  it('waits as long as the provider asks', async () => {
    const { call } = ladder({ refuses: (tier, at) => tier === 'flex' && at < 1_000, retryAfter: '90' })
    const { receipt } = await call({ deadlineMs: 10 * MINUTE })
    expect(receipt?.target).toBe(FLEX)
    expect(receipt?.waits.map(({ ms }) => Math.round(ms / 1_000))).toEqual([90])
  })

  it('goes to the standard tier while there is time for two standard calls', async () => {
    const { call, provider } = ladder({ refuses: (tier) => tier === 'flex' })
    const { receipt, tookMs } = await call({ deadlineMs: 5 * MINUTE })
    expect(receipt).toMatchObject({ target: STANDARD, outcome: 'success' })
    expect(receipt?.attempts.at(-1)).toMatchObject({ target: STANDARD, reason: 'fallback' })
    const standard = provider.requests.filter(({ tier }) => tier === 'default')
    expect(standard).toHaveLength(1)
    expect(tookMs).toBeLessThan(5 * MINUTE - 40_000 + 5_000 + 250)
  })

  it('is cut at a tier that does not answer, while there is time for the standard tier', async () => {
    const { call } = ladder({ times: { ...TIMES, flex: { medianMs: 60 * MINUTE, sigma: 0 } } })
    const { receipt, tookMs } = await call({ deadlineMs: 10 * MINUTE })
    expect(receipt).toMatchObject({ target: STANDARD, outcome: 'success', possiblyBilled: 1 })
    expect(targetsOf(receipt)).toEqual([FLEX, STANDARD])
    expect(tookMs).toBeLessThan(10 * MINUTE)
  })

  it('never uses a more expensive tier, unless it is the requested one', async () => {
    const { call, provider } = ladder({ refuses: (tier) => tier === 'flex' })
    await call({ deadlineMs: 10 * MINUTE })
    expect(provider.requests.some(({ tier }) => tier === 'priority')).toBe(false)
    const refuses = (tier: string) => tier !== 'priority'
    const asked = ladder({ refuses }, { maxRetries: 0 })
    const { receipt } = await asked.call({ deadlineMs: 2 * MINUTE }, { model: 'gpt-5@priority' })
    expect(receipt).toMatchObject({ target: 'openai/gpt-5@priority', outcome: 'success' })
  })

  it('takes the cheapest of several tiers that are ready', async () => {
    const slow = { 'gpt-5@slow': { model: 'gpt-5', params: { service_tier: 'slow' } } }
    const { call } = ladder(
      { refuses: (tier, at) => tier === 'slow' && at > 10 * MINUTE },
      { models: { ...models, ...slow } },
    )
    expect((await call({ deadlineMs: 30 * MINUTE })).receipt?.target).toBe('openai/gpt-5@slow')
    await vi.advanceTimersByTimeAsync(10 * MINUTE)
    const { receipt } = await call({ deadlineMs: 30 * MINUTE })
    expect(targetsOf(receipt)).toEqual(['openai/gpt-5@slow', FLEX])
  })

  it('goes on to the other targets of the model after the standard tier', async () => {
    const { call } = ladder(
      { refuses: (tier, at) => at < 60 * MINUTE && (tier === 'flex' || tier === 'default') },
      { fallback: { 'gpt-5': [FLEX, 'gpt-5@priority'] } },
    )
    const { receipt } = await call({ deadlineMs: MINUTE })
    expect(targetsOf(receipt)?.at(-1)).toBe('openai/gpt-5@priority')
  })

  it('holds its deadline for a stream until its first content', async () => {
    const { call } = ladder()
    const { receipt, answer } = await call({ deadlineMs: 12 * MINUTE }, { stream: true })
    for await (const _ of answer as unknown as AsyncIterable<unknown>);
    expect(receipt).toMatchObject({ target: FLEX, outcome: 'success' })
  })

  it('has its deadline in place of the timeout of the client', async () => {
    const times = { ...TIMES, flex: { medianMs: 20 * MINUTE, sigma: 0 } }
    const { call } = ladder({ times }, { timeout: MINUTE })
    expect((await call({ deadlineMs: 40 * MINUTE })).receipt).toMatchObject({
      target: FLEX,
      outcome: 'success',
    })
    const late = ladder({ times: { default: { medianMs: 3 * MINUTE, sigma: 0 } } })
    const { error, tookMs } = await late.call({ deadlineMs: 2 * MINUTE, prefer: undefined })
    expect(error).toBeInstanceOf(APIConnectionTimeoutError)
    expect(tookMs).toBeLessThanOrEqual(2 * MINUTE + 250)
  })

  it('ends at once when its caller aborts the wait, or the client is closed', async () => {
    const { harbor } = ladder({ refuses: (tier) => tier === 'flex' })
    const controller = new AbortController()
    const start = (signal?: AbortSignal) =>
      harbor.chat.completions
        .create(
          { model: 'gpt-5', messages },
          { ...perCall({ prefer: 'cheapest', deadlineMs: 30 * MINUTE }), signal },
        )
        .then(undefined, (error: unknown) => error)
    const aborted = start(controller.signal)
    const closed = start()
    await vi.advanceTimersByTimeAsync(MINUTE)
    controller.abort()
    expect(await aborted).toBeInstanceOf(APIUserAbortError)
    void harbor.close({ graceMs: 0 })
    await vi.advanceTimersByTimeAsync(1_000)
    expect(await closed).toMatchObject({ status: 503, code: 'client_closed' })
    expect(vi.getTimerCount()).toBe(0)
  })

  it('lets one call at a time test a tier after its cooldown', async () => {
    const { harbor, provider } = ladder({ refuses: (tier, at) => tier === 'flex' && at < 10 * MINUTE })
    const options = perCall({ prefer: 'cheapest', deadlineMs: 40 * MINUTE })
    const calls = Array.from({ length: 50 }, () =>
      harbor.chat.completions.create({ model: 'gpt-5', messages }, options),
    )
    await vi.advanceTimersByTimeAsync(15 * MINUTE)
    const receipts = (await Promise.all(calls)).map(receiptOf)
    expect(new Set(receipts.map((receipt) => receipt?.target))).toEqual(new Set([FLEX]))
    // All 50 are refused at first, and then one at the end of each cooldown.
    const refused = provider.requests.filter(({ status }) => status === 429).length
    expect(refused).toBeLessThan(50 + 30)
  })

  it('does not count refusals as requests, and keeps requests for the standard tier', async () => {
    const { call } = ladder({ refuses: (tier) => tier === 'flex' }, { maxUpstreamCalls: 1 })
    const { receipt } = await call({ deadlineMs: 10 * MINUTE })
    expect(targetsOf(receipt)).toEqual([STANDARD])
    expect(receipt?.skipped).toMatchObject([{ reason: 'maxUpstreamCalls leaves it no request' }])
  })

  it('does not open the circuit of the standard tier sooner for calls that cannot wait', async () => {
    const { harbor, call } = ladder({ failedShare: 1 }, { maxRetries: 0 })
    await call({ deadlineMs: 10 * MINUTE })
    for (let n = 0; n < 5; n++)
      await harbor.chat.completions.create({ model: 'gpt-5', messages }).catch(() => undefined)
    expect(harbor.explain({ model: 'gpt-5', messages }).targets[0]).toMatchObject({
      name: STANDARD,
      state: 'closed',
    })
  })

  it('does not use a variant whose parameters change the answer', async () => {
    const { call, provider } = ladder()
    await call({ deadlineMs: 10 * MINUTE })
    await call({ deadlineMs: MINUTE })
    expect(provider.requests.map(({ tier }) => tier)).toEqual(['flex', 'default'])
    const brief = await call({ deadlineMs: 10 * MINUTE }, { model: 'gpt-5@brief' })
    expect(brief.receipt?.target).toBe('openai/gpt-5@brief')
  })

  it('goes to the requested target if it refers to something that is stored at the provider', async () => {
    const { harbor, provider } = ladder()
    const options = perCall({ prefer: 'cheapest', deadlineMs: 10 * MINUTE })
    const answering = harbor.responses
      .create({ model: 'gpt-5', input: 'Hi.', previous_response_id: 'resp_1' }, options)
      .catch(() => undefined)
    await vi.advanceTimersByTimeAsync(10 * MINUTE)
    await answering
    expect(provider.requests.map(({ tier }) => tier)).not.toContain('flex')
  })

  it('reserves money for the most expensive tier that it may come to', async () => {
    const spendLimit = { usd: 0.01, per: 'total' } as const
    const { harbor, call } = ladder({}, { spendLimit })
    const answering = call({ deadlineMs: 10 * MINUTE }, { max_tokens: 500 })
    await vi.advanceTimersByTimeAsync(1_000)
    const [pot] = harbor.spend()
    // 500 tokens at the standard price of $10 for a million, and the prompt.
    expect(pot?.reservedUsd).toBeGreaterThanOrEqual(500 * 10e-6)
    await answering
    expect(harbor.spend()[0]?.usedUsd).toBeCloseTo((1_000 * 0.5 + 500 * 5) / 1e6)
  })

  it('causes a warning if the model has no cheaper tier', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    onTestFinished(() => warn.mockRestore())
    const { call } = ladder({}, { models: { 'gpt-5': models['gpt-5'] } })
    const { receipt } = await call()
    expect(receipt?.target).toBe(STANDARD)
    expect(String(warn.mock.calls[0]?.[0])).toMatch(/cheapest service tier of openai\/gpt-5, but no entry/)
  })

  it('is refused with a deadline above an hour, in words that point to bulk runs', () => {
    expect(() => perCall({ deadlineMs: 60 * MINUTE + 1 })).toThrow(/at most 3600000 .*harbor\.bulk\(\)/)
    expect(() => perCall({ deadlineMs: 60 * MINUTE, prefer: 'fastest' as never })).toThrow(/prefer/)
  })
})

describe('explain() of a model with tiers', () => {
  it('returns the price, the recent time and the cooldown of each tier, and what a call would do now', async () => {
    const { harbor, call } = ladder({ refuses: (tier, at) => tier === 'flex' && at > 5 * MINUTE })
    for (let n = 0; n < 5; n++) await call({ deadlineMs: 10 * MINUTE })
    const request = { model: 'gpt-5', messages }
    expect(harbor.explain(request, { deadlineMs: 5 * MINUTE }).ladder).toEqual({
      deadlineMs: 5 * MINUTE,
      tiers: [
        {
          name: FLEX,
          tier: 'flex',
          relativePrice: 0.5,
          price: { inputPerMillion: 0.5, outputPerMillion: 5 },
          p95Ms: expect.closeTo(40_000, -1) as number,
          samples: 5,
          cooldownMs: 0,
          leftOut: undefined,
        },
        {
          name: STANDARD,
          tier: undefined,
          relativePrice: 1,
          price: { inputPerMillion: 1, outputPerMillion: 10 },
          p95Ms: undefined,
          samples: 0,
          cooldownMs: 0,
          leftOut: undefined,
        },
      ],
      next: { target: FLEX, waitMs: 0, skipped: [] },
    })
    await vi.advanceTimersByTimeAsync(3 * MINUTE)
    const waiting = call({ deadlineMs: 10 * MINUTE })
    await vi.advanceTimersByTimeAsync(100)
    const { ladder: now } = harbor.explain(request, { deadlineMs: 5 * MINUTE })
    expect(now?.tiers[0]?.cooldownMs).toBeGreaterThan(500)
    expect(now?.next).toMatchObject({ target: FLEX, waitMs: now?.tiers[0]?.cooldownMs })
    expect(harbor.explain(request, { deadlineMs: 10_000 }).ladder?.next).toEqual({
      target: STANDARD,
      waitMs: 0,
      skipped: [{ target: FLEX, reason: 'the deadline leaves too little time for it' }],
    })
    expect(harbor.explain({ model: 'gpt-4', messages }).ladder).toBeUndefined()
    await waiting
  })
})
