import { describe, expect, it } from 'vitest'
import { anthropicOver, MESSAGE, QUESTION } from './helpers/anthropic.ts'
import { serve } from './helpers/http-server.ts'

const SOON = (): string => new Date(Date.now() + 1_000).toISOString()

function limitHeaders(kind: string, limit: number, remaining: number): Record<string, string> {
  const name = `anthropic-ratelimit-${kind}`
  return {
    [`${name}-limit`]: `${limit}`,
    [`${name}-remaining`]: `${remaining}`,
    [`${name}-reset`]: SOON(),
  }
}

async function setUp(usage: object, headers: Record<string, string>, limits: object = {}) {
  const { origin, requests } = await serve((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', ...headers })
    response.end(JSON.stringify({ ...MESSAGE, usage }))
  })
  return { ...anthropicOver(origin, { limits, timeout: 500 }), requests }
}

describe('the rate limits of the Messages API', () => {
  it('are learned from the headers of an answer, without the limit that only repeats another one', async () => {
    const { client, harborFetch } = await setUp(MESSAGE.usage, {
      ...limitHeaders('requests', 50, 49),
      ...limitHeaders('tokens', 8_000, 8_000),
      ...limitHeaders('input-tokens', 30_000, 30_000),
      ...limitHeaders('output-tokens', 8_000, 8_000),
    })
    await client.messages.create(QUESTION)
    const [group] = Object.values(harborFetch.stats().limits)
    expect(group?.rate).toMatchObject({
      limits: { requests: { limit: 50 }, inputTokens: { limit: 30_000 }, outputTokens: { limit: 8_000 } },
    })
    expect(JSON.stringify(group?.rate)).not.toContain('"tokens"')
  })

  it('are shared by the models of a family, and by no others', async () => {
    const { client, requests } = await setUp(MESSAGE.usage, {}, { requestsPerMinute: 1, safety: 1 })
    const ask = (model: string): Promise<unknown> => client.messages.create({ ...QUESTION, model })
    await ask('claude-sonnet-4-6')
    await expect(ask('claude-sonnet-4-20990101')).rejects.toMatchObject({ errorCode: 'local_rate_limit' })
    await ask('claude-opus-4-8')
    await ask('claude-sonnet-5')
    expect(requests).toHaveLength(3)
  })

  it('do not count what was read from the cache', async () => {
    const usage = { input_tokens: 10, cache_read_input_tokens: 90_000, output_tokens: 5 }
    const { client, requests } = await setUp(usage, {}, { inputTokensPerMinute: 60_000, safety: 1 })
    for (let call = 0; call < 5; call++) await client.messages.create(QUESTION)
    expect(requests).toHaveLength(5)
  })

  it('count what was written to the cache', async () => {
    const usage = { input_tokens: 10, cache_creation_input_tokens: 5_000, output_tokens: 5 }
    const { client, requests } = await setUp(usage, {}, { inputTokensPerMinute: 60_000, safety: 1 })
    await client.messages.create(QUESTION)
    await expect(client.messages.create(QUESTION)).rejects.toMatchObject({ errorCode: 'local_rate_limit' })
    expect(requests).toHaveLength(1)
  })
})
