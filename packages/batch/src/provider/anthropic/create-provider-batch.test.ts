import type Anthropic from '@anthropic-ai/sdk'
import { describe, expect, expectTypeOf, it } from 'vitest'
import {
  all,
  batchOf,
  client,
  count,
  created,
  idsOf,
  messages,
  provider,
  script,
  waits,
} from '../../../test/anthropic-batch.ts'
import type { ProviderBatchClient } from './client.ts'
import type { ProviderBatchOptions } from './options.ts'

describe('a run through the Message Batches API', () => {
  it('returns the answer of each request once, by its own id', async () => {
    script({ runMs: 3_600_000 })
    const results = await all(messages(25), { maxRequests: 10 })
    expect(idsOf(results)).toEqual(idsOf(messages(25)))
    expect(provider.counts().batches).toMatchObject({ created: 3, lines: 25 })
    for (const result of results) {
      if (!result.ok) expect.fail()
      expect(result.value.usage.service_tier).toBe('batch')
      const direct = await client.messages.create(
        messages(25).find(({ id }) => id === result.id)?.body as Anthropic.MessageCreateParamsNonStreaming,
      )
      expect(result.value.content).toEqual(direct.content)
    }
  })

  it('gives the requests ids that begin with the token of the run and the number of the part', async () => {
    await all(messages(3), { maxRequests: 2 })
    const ids = provider
      .requests()
      .filter(({ method, path }) => method === 'POST' && path === '/v1/messages/batches')
      .flatMap(({ body }) => (body as { requests: { custom_id: string }[] }).requests)
      .map(({ custom_id: id }) => id)
    const token = ids[0]?.split('-')[0] ?? ''
    expect(token).toMatch(/^h[\da-f]{16}$/)
    expect(ids).toEqual([`${token}-1-0`, `${token}-1-1`, `${token}-2-2`])
  })

  it('takes different models in one batch', async () => {
    const [one, two] = [messages(1, 'claude-sonnet-4-6'), messages(2, 'claude-opus-4-6').slice(1)]
    const results = await all([...one, ...two])
    expect(created()).toBe(1)
    expect(results.map((result) => result.ok && result.value.model).sort()).toEqual([
      'claude-opus-4-6',
      'claude-sonnet-4-6',
    ])
  })

  it('is a TypeError without a client, and for more than the provider takes', () => {
    expect(() => batchOf({ client: undefined as unknown as ProviderBatchClient })).toThrow(
      'client must be a client with messages.batches, got undefined',
    )
    expect(() => batchOf({ maxRequests: 100_001 })).toThrow(
      'maxRequests must be a whole number from 1 to 100000',
    )
    expect(() => batchOf({ maxBytes: 257_000_000 })).toThrow(
      'maxBytes must be a whole number from 1 to 256000000',
    )
    expect(() => batchOf({ endpoint: 'x' } as Partial<ProviderBatchOptions>)).toThrow(
      'unknown option endpoint',
    )
    expect(() => batchOf().run([], { confirmed: { 1: '' } })).toThrow('confirmed must be an object')
    expectTypeOf<Anthropic>().toExtend<ProviderBatchClient>()
  })

  it('reports a request that is larger than a batch, and submits the others', async () => {
    const [large = expect.fail()] = messages(1)
    const source = [
      { ...large, id: 'large', body: { ...large.body, system: 'x'.repeat(2_000) } },
      ...messages(3),
    ]
    expect(count(await all(source, { maxBytes: 1_500 }))).toEqual({ ok: 3, request_too_large: 1 })
  })
})

describe('a request without an answer', () => {
  it.each([
    ['expired', { type: 'expire', answered: 0.5 }],
    ['missing in the results', { type: 'lose', share: 0.5 }],
    ['answered with an error of the provider', { type: 'errors', share: 0.5, status: 529 }],
  ] as const)('is submitted again if it is %s', async (_, fault) => {
    script({ rules: [{ when: { batch: 1 }, fault }] })
    const results = await all(messages(10))
    expect(count(results)).toEqual({ ok: 10 })
    expect(idsOf(results)).toEqual(idsOf(messages(10)))
    expect(created()).toBe(2)
    expect(results.filter(({ round }) => round === 1)).toHaveLength(5)
  })

  it.each([
    ['expired', { type: 'expire', answered: 0.5 }, { ok: 5, expired: 5 }],
    ['missing', { type: 'lose', share: 0.5 }, { ok: 5, missing: 5 }],
    ['an error of the provider', { type: 'errors', share: 0.5, status: 500 }, { ok: 5, answered: 5 }],
    ['cancelled', { type: 'cancel', answered: 0.5 }, { ok: 5, cancelled: 5 }],
    ['an error of the request', { type: 'errors', share: 0.5, status: 400 }, { ok: 5, answered: 5 }],
  ] as const)('is reported by its kind: %s', async (_, fault, counts) => {
    script({ rules: [{ fault }] })
    const results = await all(messages(10), { maxResubmits: 0 })
    expect(count(results)).toEqual(counts)
    expect(created()).toBe(1)
  })

  it('is not submitted again after an error of its own, or a cancellation', async () => {
    script({ rules: [{ fault: { type: 'errors', share: 0.5, status: 400 } }] })
    const results = await all(messages(4))
    expect(results.find(({ ok }) => !ok)).toMatchObject({
      error: { reason: 'answered', providerCode: 'invalid_request_error' },
    })
    script({ rules: [{ fault: { type: 'cancel', answered: 0 } }] })
    expect(count(await all(messages(4)))).toEqual({ cancelled: 4 })
    expect(created()).toBe(2)
  })

  it('is submitted again when its batch ended late, after 24 hours', async () => {
    script({ runMs: 3_600_000, rules: [{ when: { batch: 1 }, fault: { type: 'slow', ms: 47 * 3_600_000 } }] })
    expect(count(await all(messages(10)))).toEqual({ ok: 10 })
    expect(created()).toBe(2)
    expect(provider.counts().batches.lines).toBe(10)
  })
})

describe('a refused batch', () => {
  const creating = { method: 'POST', path: '/v1/messages/batches' } as const

  it.each([
    ['429', { type: 'status', status: 429, retryAfter: '40' }],
    ['529', { type: 'overloaded', retryAfter: '40' }],
  ] as const)('is sent again after the time that a %s asks for', async (_, fault) => {
    script({}, [{ when: creating, fault: { type: 'sequence', faults: [fault, fault] } }])
    expect(count(await all(messages(5)))).toEqual({ ok: 5 })
    expect(created()).toBe(1)
    expect(waits.slice(0, 2)).toEqual([54_000, 54_000])
  })

  it('waits for a batch in progress, as often as it is refused', async () => {
    const refusals = Array.from({ length: 20 }, () => ({ type: 'status', status: 429 }) as const)
    script({ runMs: 7_200_000 }, [
      { when: creating, fault: { type: 'sequence', faults: ['ok', ...refusals] } },
    ])
    expect(count(await all(messages(10), { maxRequests: 5 }))).toEqual({ ok: 10 })
    expect(created()).toBe(2)
  })

  it.each([
    ['a spend limit', { type: 'spend-limit' }, 429],
    ['an invalid request', { type: 'status', status: 400 }, 400],
    ['a size', { type: 'status', status: 413 }, 413],
  ] as const)('ends the run at once for %s', async (_, fault, status) => {
    script({}, [{ when: creating, fault }])
    await expect(all(messages(5))).rejects.toMatchObject({ status })
    expect(created()).toBe(0)
    expect(waits).toEqual([])
  })
})

describe('a cancellation', () => {
  it('submits no more, and yields what the batches answered until then', async () => {
    script({ runMs: 3_600_000, rules: [{ when: { batch: 2 }, fault: { type: 'slow', ms: 36_000_000 } }] })
    const run = batchOf({ maxRequests: 5, maxActiveBatches: 2 }).run(messages(20))
    const results = []
    for await (const result of run) {
      results.push(result)
      if (results.length === 1) await run.cancel()
    }
    // The first batch had ended, the second one was a tenth of the way.
    expect(results.map((result) => (result.ok ? 'ok' : result.error.code))).toEqual([
      ...Array.from({ length: 5 }, () => 'ok'),
      ...Array.from({ length: 5 }, () => 'batch_item'),
    ])
    expect(created()).toBe(2)
  })
})

describe('an abort', () => {
  it('cancels the batches in progress with cancelRemote', async () => {
    script({ runMs: 3_600_000, cancellingMs: 0 })
    const run = batchOf({ clock: { now: () => 0, sleep: () => new Promise<void>(() => undefined) } }).run(
      messages(5),
    )
    const iterating = run[Symbol.asyncIterator]().next()
    iterating.catch(() => undefined)
    while (run.progress().activeBatches === 0) await new Promise((resolve) => setTimeout(resolve, 1))
    await run.abort('enough', { cancelRemote: true })
    await expect(iterating).rejects.toBe('enough')
    expect((await client.messages.batches.list()).data[0]?.cancel_initiated_at).not.toBeNull()
  })
})
