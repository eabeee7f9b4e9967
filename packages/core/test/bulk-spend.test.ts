import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { BulkAnswer, BulkRequest, BulkRun, HarborOptions } from '../src/index.ts'
import { chat } from './helpers/fixed-answers.ts'
import { harborFor } from './helpers/harbor-for.ts'
import { sendJson, serve, type TestServer } from './helpers/http-server.ts'

const MICRO = 1e-6
const PRICE = { inputPerMillion: 0, outputPerMillion: 1 }

/** The request of an item: the most tokens that it may cost, and those that it does cost, as the simulated server reads them. */
function item(most: number, cost: number, at: number): BulkRequest {
  const messages = [{ role: 'user' as const, content: String(Math.min(most, cost)) }]
  return { custom_id: String(at), body: { model: 'm', messages, max_completion_tokens: most } }
}

/** A server that answers after a while, with the number of tokens that the request names. */
async function priced(): Promise<TestServer & { mostInFlight: () => number }> {
  let [inFlight, most] = [0, 0]
  const server = await serve((request, response) => {
    most = Math.max(most, ++inFlight)
    const { messages } = JSON.parse(request.body) as { messages: { content: string }[] }
    const completion_tokens = Number(messages[0]?.content)
    setImmediate(() => {
      inFlight--
      sendJson(
        response,
        chat('x', { usage: { prompt_tokens: 0, completion_tokens, total_tokens: completion_tokens } }),
      )
    })
  })
  return { ...server, mostInFlight: () => most }
}

async function drain(run: BulkRun<BulkAnswer>): Promise<{ ok: number; error: unknown }> {
  let ok = 0
  try {
    for await (const result of run) if (result.ok) ok++
    return { ok, error: undefined }
  } catch (error) {
    return { ok, error }
  }
}

const optionsOf = (tokens: number): HarborOptions => ({
  models: { m: { price: PRICE } },
  maxRetries: 0,
  spendLimit: { usd: tokens * MICRO, per: 'total' },
})

describe('a bulk run under a spend limit', () => {
  it('waits for calls in flight, which give money back, before the limit counts as reached', async () => {
    const server = await priced()
    const harbor = harborFor(server, optionsOf(100))
    // Each reserves 60 and costs 1: only one fits at a time, and all of them fit one after the other.
    const run = harbor.bulk(
      Array.from({ length: 20 }, (_, at) => item(60, 1, at)),
      { concurrency: 10 },
    )
    expect(await drain(run)).toEqual({ ok: 20, error: undefined })
    expect(server.mostInFlight()).toBe(1)
  })

  it('sends as many calls at once as there is money for, after it was given back', async () => {
    const server = await priced()
    const harbor = harborFor(server, optionsOf(100))
    const items = [item(90, 1, 0), ...Array.from({ length: 30 }, (_, at) => item(20, 1, at + 1))]
    const run = harbor.bulk(items, { concurrency: 10 })
    expect(await drain(run)).toEqual({ ok: 31, error: undefined })
    expect(server.mostInFlight()).toBeGreaterThan(1)
  })

  it('ends at once when the price of a call is unknown, whatever is in flight', async () => {
    const server = await priced()
    const harbor = harborFor(server, optionsOf(100))
    const messages = [{ role: 'user' as const, content: '1' }]
    const unpriced: BulkRequest = { custom_id: 'x', body: { model: 'no-price', messages } }
    const { error } = await drain(harbor.bulk([item(60, 1, 0), unpriced], { concurrency: 2 }))
    expect(error).toMatchObject({ code: 'spend_limit', param: 'price' })
  })

  it('can be stopped while calls wait for money', async () => {
    const server = await serve(() => undefined)
    const harbor = harborFor(server, { ...optionsOf(100), timeout: 60_000 })
    const run = harbor.bulk(
      [0, 1, 2].map((at) => item(60, 1, at)),
      { concurrency: 3 },
    )
    const ended = drain(run)
    while (server.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 1))
    run.abort(new Error('enough'))
    expect(await ended).toMatchObject({ error: new Error('enough') })
    expect(server.requests).toHaveLength(1)
  })

  it('never spends more than the limit, and ends only when the next call does not fit', async () => {
    const server = await priced()
    const calls = fc.array(
      fc.record({ most: fc.integer({ min: 1, max: 50 }), cost: fc.integer({ min: 0, max: 50 }) }),
      {
        minLength: 1,
        maxLength: 30,
      },
    )
    await fc.assert(
      fc.asyncProperty(
        calls,
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 1, max: 8 }),
        async (list, limit, concurrency) => {
          const harbor = harborFor(server, optionsOf(limit))
          const items = list.map(({ most, cost }, at) => item(most, cost, at))
          const { ok, error } = await drain(harbor.bulk(items, { concurrency }))
          const spent = Math.round(harbor.stats().cost.spentUsd / MICRO)
          expect(spent).toBeLessThanOrEqual(limit)
          if (error === undefined) expect(ok).toBe(items.length)
          else {
            expect(error).toMatchObject({ code: 'spend_limit' })
            // Nothing is in flight any more, and some call that was not answered does not fit into what is left.
            expect(Math.max(...list.map(({ most }) => most))).toBeGreaterThan(limit - spent)
          }
        },
      ),
      { numRuns: 40 },
    )
  })
})
