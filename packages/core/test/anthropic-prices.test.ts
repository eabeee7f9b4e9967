import { describe, expect, it } from 'vitest'
import { receiptOf, type HarborFetchOptions, type Receipt } from '../src/index.ts'
import { harborFetchFor } from './helpers/harbor-for.ts'
import { sendJson, serve } from './helpers/http-server.ts'

const USAGE = {
  input_tokens: 2_095,
  cache_creation_input_tokens: 2_048,
  cache_read_input_tokens: 18_000,
  cache_creation: { ephemeral_5m_input_tokens: 1_800, ephemeral_1h_input_tokens: 248 },
  output_tokens: 503,
  server_tool_use: { web_search_requests: 2, web_fetch_requests: 1 },
  service_tier: 'standard',
}
/** At $3, $3.75, $6, $0.30 and $15 for a million tokens: $0.006285 + $0.00675 + $0.001488 + $0.0054 + $0.007545. */
const TOKENS_USD = 0.027468
const SEARCHES_USD = 0.02

async function send(
  usage: object,
  {
    model = 'claude-sonnet-4-6',
    request = {},
    ...options
  }: HarborFetchOptions & { model?: string; request?: object } = {},
): Promise<{ status: number; receipt: Receipt | undefined; spentUsd: number }> {
  const message = { id: 'msg_1', type: 'message', role: 'assistant', model, stop_reason: 'end_turn', usage }
  const { origin } = await serve((_, response) =>
    sendJson(response, { ...message, content: [{ type: 'text', text: 'Hi' }] }),
  )
  const fetch = harborFetchFor(options)
  const messages = [{ role: 'user', content: 'Hi' }]
  const response = await fetch(`${origin}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': 'k' },
    body: JSON.stringify({ model, max_tokens: 600, messages, ...request }),
  })
  await response.text()
  const receipt = receiptOf(response)
  if (response.ok) await expect.poll(() => receipt?.cost ?? fetch.stats().cost.unpricedCalls).toBeTruthy()
  return { status: response.status, receipt, spentUsd: fetch.stats().cost.spentUsd }
}

describe('what a message of Claude costs', () => {
  it('is the sum of its classes, by the price list', async () => {
    const { receipt, spentUsd } = await send(USAGE)
    expect(receipt?.usage).toMatchObject({
      inputTokens: 22_143,
      cachedInputTokens: 18_000,
      cacheWriteInputTokens: 2_048,
      cacheWriteTokensByTtl: { '5m': 1_800, '1h': 248 },
      outputTokens: 503,
      serverToolUses: { web_search_requests: 2, web_fetch_requests: 1 },
    })
    expect(receipt?.cost).toMatchObject({ usage: 'reported', price: 'list', listedBy: 'entry-name' })
    expect(receipt?.cost?.usd).toBeCloseTo(TOKENS_USD + SEARCHES_USD, 12)
    expect(spentUsd).toBe(receipt?.cost?.usd)
  })

  it.each([
    [{ service_tier: 'batch' }, 'claude-sonnet-4-6', 0.5, 'batch'],
    [{ service_tier: 'priority' }, 'claude-sonnet-4-6', 1, 'priority'],
    [{ inference_geo: 'us' }, 'claude-sonnet-4-6', 1.1, 'standard:us'],
    [{ inference_geo: 'global', speed: 'standard' }, 'claude-sonnet-4-6', 1, 'standard'],
    [{ speed: 'fast' }, 'claude-sonnet-4-6', 6, 'fast'],
    [{ service_tier: 'saver' }, 'claude-sonnet-4-6', 2, 'saver'],
  ])('is that of its tier, speed and region: %j', async (fields, model, factor, tier) => {
    const { receipt } = await send({ ...USAGE, ...fields }, { model })
    expect(receipt?.serviceTier).toBe(tier)
    expect(receipt?.cost?.usd).toBeCloseTo(TOKENS_USD * factor + SEARCHES_USD, 12)
  })

  it('counts a cache write of an unknown time like one for an hour', async () => {
    const { cache_creation: _, server_tool_use: __, ...usage } = USAGE
    const { receipt } = await send(usage)
    expect(receipt?.cost?.usd).toBeCloseTo(TOKENS_USD + (1_800 * (6 - 3.75)) / 1e6, 12)
  })

  it('is unknown and counted for a model that is not listed, and never 0', async () => {
    const { receipt, spentUsd } = await send(USAGE, { model: 'claude-nova-9' })
    expect(receipt?.cost).toBeUndefined()
    expect(spentUsd).toBe(0)
  })
})

describe('a spend limit for messages of Claude', () => {
  const usage = { input_tokens: 1, output_tokens: 1 }
  /** Enough for 600 tokens of output at $15, and for a short input. */
  const spendLimit = { usd: 0.0093, per: 'total' } as const

  it.each([
    [{}, 200],
    [{ speed: 'fast' }, 402],
    [{ inference_geo: 'us' }, 402],
    [{ tools: [{ type: 'web_search_20250305', name: 'web_search', max_uses: 1 }] }, 402],
  ])('covers what the request asks for: %j', async (request, status) => {
    expect((await send(usage, { spendLimit, request })).status).toBe(status)
  })

  it('refuses a model without a price, unless that is allowed', async () => {
    const model = 'claude-nova-9'
    expect((await send(usage, { spendLimit: { usd: 1, per: 'total' }, model })).status).toBe(402)
    const allowed = { usd: 1, per: 'total', unpriced: 'allow' } as const
    expect((await send(usage, { spendLimit: allowed, model })).status).toBe(200)
  })

  it('covers an hour in the cache for all input', async () => {
    const text = 'The weather is nice today. '.repeat(2_000)
    const system = (cache: object): object => ({ request: { system: [{ type: 'text', text, ...cache }] } })
    const needed = async (cache: object): Promise<number> => {
      for (let usd = 0.02; usd < 2; usd *= 1.05)
        if ((await send(usage, { spendLimit: { usd, per: 'total' }, ...system(cache) })).status === 200)
          return usd
      return NaN
    }
    const plain = await needed({})
    const hour = await needed({ cache_control: { type: 'ephemeral', ttl: '1h' } })
    expect(hour / plain).toBeGreaterThan(1.6)
    expect(hour / plain).toBeLessThan(2.2)
  })
})
