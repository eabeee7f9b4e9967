import { describe, expect, it } from 'vitest'
import { perCall, receiptOf, type Harbor, type Receipt } from '../src/index.ts'
import { failureOf, status } from './helpers/expect-failure.ts'
import { harborFetchFor, harborFor, HELLO, simulate } from './helpers/harbor-for.ts'
import { serve } from './helpers/http-server.ts'
import { harborWithBackup } from './helpers/two-providers.ts'
import { uncoveredMs } from './helpers/uncovered.ts'

const ask = (harbor: Harbor, more: object = {}, options?: object): PromiseLike<unknown> =>
  harbor.chat.completions.create({ ...HELLO, ...more }, options)
const reasons = ({ waits }: Receipt): unknown[] => waits.map(({ reason }) => reason)

/** Every wait of these tests is longer, so that none is missing in a receipt that leaves less open. The rest is the work of the process itself. */
const MAX_UNCOVERED_MS = 10

/**
 * Returns the receipts of the calls that `use` makes, once their attempts and waits add up. The first calls are slower than later ones, and the
 * process may be busy, so several trials are made.
 */
async function receiptsOf(harbor: Harbor, use: () => PromiseLike<unknown>): Promise<readonly Receipt[]> {
  const receipts: Receipt[] = []
  const remove = harbor.on('end', ({ receipt }) => receipts.push(receipt))
  for (let trial = 0; trial < 30; trial++) {
    receipts.length = 0
    await use()
    if (receipts.every((receipt) => uncoveredMs(receipt) <= MAX_UNCOVERED_MS)) break
  }
  remove()
  expect(receipts.map(uncoveredMs).filter((ms) => !(ms <= MAX_UNCOVERED_MS))).toEqual([])
  return receipts
}

const STEADY = { baseDelayMs: 20, jitter: false } as const

describe('the attempts and waits of a receipt', () => {
  it('add up to the duration of a call without waits', async () => {
    const harbor = harborFor(await simulate())
    const [receipt] = await receiptsOf(harbor, () => ask(harbor))
    expect(receipt).toMatchObject({ waits: [], attempts: [{ reason: 'first' }] })
  })

  it('add up with backoff and Retry-After, for JSON and streams', async () => {
    const provider = await simulate()
    const harbor = harborFor(provider, { retry: STEADY, breaker: false })
    const [receipt] = await receiptsOf(harbor, async () => {
      provider.fail(status(503), status(429, { retryAfter: 30 }))
      const stream = await harbor.chat.completions.create({ ...HELLO, stream: true })
      for await (const _chunk of stream);
    })
    expect(receipt && reasons(receipt)).toEqual(['backoff', 'retry-after'])
    expect(receipt?.attempts.map(({ reason }) => reason)).toEqual(['first', 'retry', 'retry'])
    expect(receipt?.attempts.map(({ failure }) => failure?.phase)).toEqual(['headers', 'headers', undefined])
  })

  it('add up with rate limits', async () => {
    const harbor = harborFor(await simulate(), { limits: { requestsPerMinute: 1_200, burstMs: 50 } })
    const receipts = await receiptsOf(harbor, () => Promise.all([ask(harbor), ask(harbor), ask(harbor)]))
    expect(receipts.flatMap(reasons)).toContain('limit')
  })

  it('add up with a place under maxConcurrency', async () => {
    const provider = await serve((_, response) =>
      setTimeout(() => response.writeHead(404).end('{"error":{"message":"m"}}'), 30),
    )
    const harbor = harborFor(provider, { limits: { maxConcurrency: 1 }, retry: false })
    const receipts = await receiptsOf(harbor, () => Promise.allSettled([ask(harbor), ask(harbor)]))
    expect(receipts.flatMap(reasons)).toContain('queue')
  })

  it('add up in a batch of embeddings', async () => {
    const harbor = harborFor(await simulate(), { embeddingBatch: { maxWaitMs: 15 } })
    const embed = (input: string): PromiseLike<unknown> => harbor.embeddings.create({ model: 'e', input })
    const receipts = await receiptsOf(harbor, () => Promise.all([embed('one'), embed('two')]))
    expect(receipts.map(reasons)).toEqual([['queue'], ['queue']])
  })

  it('add up with a hedge: its delay, in which the first attempt is in flight', async () => {
    const { primary, harbor } = await harborWithBackup({ hedge: { afterMs: 20, maxExtraRatio: 1 } })
    const [receipt] = await receiptsOf(harbor, () => {
      primary.fail({ type: 'delay', ms: 400 })
      return ask(harbor)
    })
    expect(receipt && reasons(receipt)).toEqual(['hedge-delay'])
    expect(receipt?.attempts.map(({ reason }) => reason)).toEqual(['first', 'hedge'])
  })

  it('add up when the caller leaves during a wait', async () => {
    const provider = await simulate()
    const harbor = harborFor(provider, {
      retry: { baseDelayMs: 60_000, maxDelayMs: 60_000, jitter: false },
      breaker: false,
    })
    const [receipt] = await receiptsOf(harbor, () => {
      provider.fail(status(503))
      const leaving = new AbortController()
      harbor.on('retry', () => void setTimeout(() => leaving.abort(), 20))
      return failureOf(ask(harbor, {}, { signal: leaving.signal }))
    })
    expect(receipt).toMatchObject({ outcome: 'aborted', waits: [{ reason: 'backoff' }] })
    expect(receipt?.waits[0]?.ms).toBeLessThan(60_000)
  })

  it('are those of the upstream call for a call that was cached', async () => {
    const provider = await simulate()
    const harbor = harborFor(provider, { cache: true, retry: STEADY, breaker: false })
    let seed = 0
    const [receipt] = await receiptsOf(harbor, () => {
      provider.fail(status(503))
      return ask(harbor, { temperature: 0, seed: seed++ })
    })
    expect(receipt).toMatchObject({ waits: [{ reason: 'backoff' }], attempts: [{}, {}] })
  })
})

describe('the reason of an attempt', () => {
  it('is fallback for a target that takes over, and retry for its second attempt', async () => {
    const { primary, backup, harbor } = await harborWithBackup({ attemptsBeforeFallback: 1 })
    primary.fail(status(500))
    backup.fail(status(500))
    const receipt = receiptOf(await ask(harbor))
    expect(receipt?.attempts.map(({ reason }) => reason)).toEqual(['first', 'fallback', 'retry'])
  })

  it('is probe for a target whose circuit was open', async () => {
    const provider = await simulate()
    const harbor = harborFor(provider, { breaker: { openForMs: 20 }, health: false, retry: false })
    provider.fail(...Array.from({ length: 30 }, () => status(500)))
    let receipt: Receipt | undefined
    await expect
      .poll(
        async () => {
          await harbor.chat.completions
            .create(HELLO, perCall({ onReceipt: (each) => (receipt = each) }))
            .then(
              () => undefined,
              () => undefined,
            )
          return receipt?.attempts[0]?.reason
        },
        { interval: 5 },
      )
      .toBe('probe')
    expect(receipt?.attempts[0]?.circuit).toBe('half-open')
  })
})

describe('the phase of a failed attempt', () => {
  const phaseFor = async (harbor: Harbor, more: object = {}): Promise<unknown> => {
    let receipt: Receipt | undefined
    const options = perCall({ onReceipt: (each) => (receipt = each) })
    const call = async (): Promise<void> => {
      const answer = await harbor.chat.completions.create({ ...HELLO, ...more }, options)
      if (Symbol.asyncIterator in answer) for await (const _chunk of answer as AsyncIterable<unknown>);
    }
    await call().catch(() => undefined)
    return receipt?.attempts.at(-1)?.failure?.phase
  }

  it('is not-sent without a connection', async () => {
    const harbor = harborFor({ baseURL: 'http://127.0.0.1:9/v1' }, { retry: false })
    expect(await phaseFor(harbor)).toBe('not-sent')
  })

  it.each([
    ['sent', { type: 'reset', when: 'before-headers' }, {}],
    ['headers', { type: 'status', status: 500 }, {}],
    ['body', { type: 'stream-cut', afterEvents: 2 }, { stream: true }],
  ] as const)('is %s', async (phase, fault, more) => {
    const provider = await simulate()
    provider.fail(fault)
    expect(await phaseFor(harborFor(provider, { retry: false }), more)).toBe(phase)
  })
})

describe('the ids of calls', () => {
  it('have at least 64 random bits, which differ for each client', async () => {
    const fetch = (): Promise<Response> => Promise.resolve(Response.json({ object: 'list', data: [] }))
    const ids = new Set<string>()
    for (let n = 0; n < 50; n++) {
      const harbor = harborFetchFor({ fetch })
      harbor.on('end', ({ receipt }) => ids.add(receipt.id.replace(/_[^_]*$/, '')))
      await harbor('http://localhost/v1/models')
    }
    expect(ids.size).toBe(50)
    for (const id of ids) expect(id).toMatch(/^call_[0-9a-f]{18}$/)
  })
})
