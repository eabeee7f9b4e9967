import { describe, expect, it } from 'vitest'
import { requests } from '../../../test/provider-requests.ts'
import { provider, client, waits, all, idsOf, count, uploads, script } from '../../../test/provider-batch.ts'

describe('an unanswered request', () => {
  it('is submitted again when its batch expires: 9 of 10, and 1 keeps its answer', async () => {
    script({ rules: [{ when: { batch: 1 }, fault: { type: 'expire', answered: 0.1 } }] })
    const results = await all(requests(10))
    expect(count(results)).toEqual({ ok: 10 })
    expect(results.map(({ round }) => round)).toEqual([0, ...Array.from({ length: 9 }, () => 1)])
    const [first, second] = await uploads()
    expect(first).toHaveLength(10)
    expect(second).toHaveLength(9)
    expect(second).not.toContain(results[0]?.id)
    expect(provider.counts().batches).toMatchObject({ created: 2, lines: 10 })
  })

  it('is submitted again when its batch vanishes', async () => {
    script({ runMs: 500, rules: [{ when: { batch: 1 }, fault: { type: 'vanish', afterMs: 20 } }] })
    const results = await all(requests(5))
    expect(results.map(({ ok, round }) => [ok, round])).toEqual(Array.from({ length: 5 }, () => [true, 1]))
  })

  it('is reported as missing when it is in no file, and never dropped', async () => {
    script({ rules: [{ fault: { type: 'lose', share: 0.5 } }] })
    const results = await all(requests(16), { maxResubmits: 2 })
    expect(idsOf(results)).toEqual(idsOf(requests(16)))
    expect(count(results)).toEqual({ ok: 14, missing: 2 })
    expect(results.filter(({ ok }) => !ok).map(({ round }) => round)).toEqual([2, 2])
  })

  it('is reported as expired when it keeps expiring', async () => {
    script({ rules: [{ fault: { type: 'expire', answered: 0 } }] })
    expect(count(await all(requests(4), { maxResubmits: 1 }))).toEqual({ expired: 4 })
    expect(provider.counts().batches.created).toBe(2)
  })

  it('is reported, and not submitted again, when its batch was cancelled', async () => {
    script({ runMs: 60_000 })
    const results = all(requests(4))
    await expect.poll(() => provider.counts().batches.created).toBe(1)
    const [batch] = (await client.batches.list()).data
    await client.batches.cancel(batch?.id ?? '')
    expect(count(await results)).toEqual({ cancelled: 4 })
    expect(provider.counts().batches.created).toBe(1)
  })
})

describe('an error of the provider', () => {
  it('is reported for each request of a batch that has completed without an output file', async () => {
    script({ rules: [{ fault: { type: 'errors', share: 1, status: 400, code: 'bad' } }] })
    const results = await all(requests(6))
    expect(count(results)).toEqual({ answered: 6 })
    expect(results[0]).toMatchObject({
      ok: false,
      error: { status: 400, providerCode: 'bad', code: 'batch_item' },
    })
    const [result] = results
    expect(result && !result.ok && result.error.message).toBe(
      'the provider answered this request with an error: 400 bad',
    )
  })

  it('is reported for its request alone', async () => {
    script({ rules: [{ fault: { type: 'errors', share: 0.25 } }] })
    expect(count(await all(requests(8)))).toEqual({ ok: 6, answered: 2 })
  })

  it('is reported for each request of a batch that failed as a whole', async () => {
    script({ rules: [{ fault: { type: 'fail', code: 'model_not_found' } }] })
    const results = await all(requests(3))
    expect(count(results)).toEqual({ 'batch-failed': 3 })
    expect(results[0]).toMatchObject({ error: { providerCode: 'model_not_found' } })
  })

  it('is retried if it is transient, and ends the run if it is final', async () => {
    script({}, [
      { when: { call: [1, 3, 5, 6] }, fault: { type: 'status', status: 503 } },
      { when: { call: 8 }, fault: { type: 'reset' } },
    ])
    expect(count(await all(requests(3)))).toEqual({ ok: 3 })
    expect(provider.counts().batches.created).toBe(1)
    provider.script({ apiKeys: ['other'] })
    await expect(all(requests(3))).rejects.toMatchObject({ status: 401 })
  })

  it('is followed by reading the file again if it came in its middle, and nothing is returned twice', async () => {
    script({}, [
      {
        when: { method: 'GET', path: '/content', probability: 0.5 },
        fault: { type: 'stream-cut', afterEvents: 0, inside: true },
      },
    ])
    const results = await all(requests(2_000), { maxRequests: 500 })
    expect(idsOf(results)).toEqual(idsOf(requests(2_000)))
    expect(provider.counts().faults['stream-cut']).toBeGreaterThan(0)
  })

  it('ends the run when it does not pass, with the last one', async () => {
    script({}, [{ when: { method: 'GET' }, fault: { type: 'status', status: 503 } }])
    waits.length = 0
    await expect(
      all(requests(1), { maxCallAttempts: 3, random: () => 0.5, pollMs: 10 }),
    ).rejects.toMatchObject({ status: 503 })
    expect(waits).toEqual([10, 1_000, 2_000])
  })

  it('ends the run at once when the client is closed', async () => {
    script({}, [{ when: { method: 'GET' }, fault: { type: 'status', status: 503, code: 'client_closed' } }])
    waits.length = 0
    await expect(all(requests(1), { random: () => 0.5, pollMs: 10 })).rejects.toMatchObject({
      code: 'client_closed',
    })
    expect(waits).toEqual([10])
  })
})

it('a run waits after token_limit_exceeded, and submits smaller batches', async () => {
  script({ enqueuedTokens: 30, runMs: 20 })
  waits.length = 0
  const results = await all(requests(40), { tokenLimitWaitMs: 40 })
  expect(count(results)).toEqual({ ok: 40 })
  const sizes = (await uploads()).map((ids) => ids.length)
  expect(sizes.slice(0, 2)).toEqual([40, 20])
  expect(Math.min(...sizes)).toBeLessThanOrEqual(10)
  // Each request was answered once, although several batches were rejected.
  expect(provider.counts().batches.lines).toBe(40)
})

it('a run reports a request that has more tokens than may ever be enqueued', async () => {
  script({ enqueuedTokens: 1 })
  const results = await all(requests(2), { tokenLimitWaitMs: 1, maxResubmits: 1 })
  expect(count(results)).toEqual({ 'batch-failed': 2 })
  expect(results[0]).toMatchObject({ error: { providerCode: 'token_limit_exceeded' } })
})
