import { describe, expect, it } from 'vitest'
import { receiptOf, type HarborFetchOptions, type Receipt } from '../../src/index.ts'
import { events } from '../helpers/fixed-answers.ts'
import { harborFetchFor } from '../helpers/harbor-for.ts'
import { sendJson, serve } from '../helpers/http-server.ts'

const usageMetadata = { promptTokenCount: 1_000, candidatesTokenCount: 1_000, totalTokenCount: 2_000 }
const price = { inputPerMillion: 1, outputPerMillion: 1 }
const TOKENS_USD = 0.002
const GROUNDING = { webSearchQueries: ['a', 'b', 'c'], groundingChunks: [{ web: { uri: 'https://x' } }] }
const PLACES = { groundingChunks: [{ maps: {} }, { maps: {} }] }

interface Sent {
  readonly receipt: Receipt | undefined
  readonly status: number
}

async function send(
  form: 'JSON' | 'a stream',
  model: string,
  {
    metadata = GROUNDING,
    tools = [{ googleSearch: {} }],
    ...options
  }: HarborFetchOptions & { metadata?: object; tools?: object[] } = {},
): Promise<Sent> {
  const content = { role: 'model', parts: [{ text: 'Hi' }] }
  const last = { content, finishReason: 'STOP', groundingMetadata: metadata }
  const { origin } = await serve((_, response) => {
    if (form === 'JSON') sendJson(response, { candidates: [last], usageMetadata })
    else
      response
        .writeHead(200, { 'content-type': 'text/event-stream' })
        .end(events([{ candidates: [{ content }] }, { candidates: [last] }, { usageMetadata }], ''))
  })
  const fetch = harborFetchFor({ models: { [model]: { price } }, ...options })
  const action = form === 'JSON' ? 'generateContent' : 'streamGenerateContent?alt=sse'
  const response = await fetch(`${origin}/v1beta/models/${model}:${action}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-goog-api-key': 'k' },
    body: JSON.stringify({
      contents: [{ parts: [{ text: 'Hi' }] }],
      generationConfig: { maxOutputTokens: 1, thinkingConfig: { thinkingBudget: 0 } },
      tools,
    }),
  })
  await response.text()
  const receipt = receiptOf(response)
  if (response.ok) await expect.poll(() => receipt?.cost).toBeDefined()
  return { receipt, status: response.status }
}

describe.each(['JSON', 'a stream'] as const)('an answer grounded by Google, in %s', (form) => {
  it.each<[string, object, number]>([
    ['gemini-2.5-flash', GROUNDING, 0.035],
    ['gemini-3-flash-preview', GROUNDING, 3 * 0.014],
    ['gemini-flash-latest', GROUNDING, 0.035 + 3 * 0.014],
    ['gemini-2.5-pro', PLACES, 0.025],
    ['gemini-3.1-pro-preview', PLACES, 2 * 0.014],
    ['gemini-3.1-pro-preview', {}, 0],
  ])('costs what Google publishes for %s and %j', async (model, metadata, usd) => {
    const { receipt } = await send(form, model, { metadata })
    expect(receipt?.cost?.usd).toBeCloseTo(TOKENS_USD + usd, 12)
    expect(receipt?.cost).not.toHaveProperty('unpriced')
  })

  it('has your own price for its queries', async () => {
    const models = {
      'gemini-3-flash-preview': { price: { ...price, perServerToolUse: { google_search_queries: 1 } } },
    }
    const { receipt } = await send(form, 'gemini-3-flash-preview', { models })
    expect(receipt?.cost?.usd).toBeCloseTo(TOKENS_USD + 3, 12)
  })

  it('names what it used of your own data, whose price is unknown', async () => {
    const metadata = { retrievalQueries: ['a'] }
    const { receipt } = await send(form, 'gemini-2.5-flash', { metadata })
    expect(receipt?.cost).toMatchObject({ unpriced: ['retrieval_requests'] })
  })
})

describe('a spend limit for grounded answers', () => {
  it.each<[string, object[], number, number]>([
    ['gemini-2.5-flash', [], 0.01, 200],
    ['gemini-2.5-flash', [{ googleSearch: {} }], 0.034, 402],
    ['gemini-2.5-flash', [{ googleSearch: {} }], 0.037, 200],
    ['gemini-3-flash-preview', [{ google_search: {} }], 0.139, 402],
    ['gemini-3-flash-preview', [{ google_search: {} }], 0.142, 200],
    ['gemini-3-flash-preview', [{ enterpriseWebSearch: {} }], 9, 402],
  ])('reserves for the queries of %s with %j', async (model, tools, usd, status) => {
    const sent = await send('JSON', model, { tools, metadata: {}, spendLimit: { usd, per: 'total' } })
    expect(sent.status).toBe(status)
  })
})
