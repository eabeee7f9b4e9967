import { describe, expect, it } from 'vitest'
import { receiptOf, type HarborFetchOptions, type Receipt } from '../src/index.ts'
import { harborFetchFor } from './helpers/harbor-for.ts'
import { sendJson, serve } from './helpers/http-server.ts'

interface Sent {
  readonly status: number
  readonly receipt: Receipt | undefined
}

async function send(
  usageMetadata: object,
  {
    path = 'models/gemini-2.5-flash:generateContent',
    request = {},
    headers = {},
    ...options
  }: HarborFetchOptions & { path?: string; request?: object; headers?: Record<string, string> } = {},
): Promise<Sent> {
  const candidates = [{ content: { role: 'model', parts: [{ text: 'Hi' }] }, finishReason: 'STOP' }]
  const isEmbedding = path.endsWith('embedContent')
  const answer = isEmbedding ? { embedding: { values: [1] } } : { candidates }
  const { origin } = await serve((_, response) => sendJson(response, { ...answer, usageMetadata }))
  const fetch = harborFetchFor(options)
  const contents = [{ role: 'user', parts: [{ text: 'Hi' }] }]
  const response = await fetch(`${origin}/v1beta/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-goog-api-key': 'k', ...headers },
    body: JSON.stringify({ ...(isEmbedding ? { content: contents[0] } : { contents }), ...request }),
  })
  await response.text()
  const receipt = receiptOf(response)
  if (response.ok) await expect.poll(() => receipt?.cost ?? fetch.stats().cost.unpricedCalls).toBeTruthy()
  return { status: response.status, receipt }
}

const USAGE = {
  promptTokenCount: 12_000,
  cachedContentTokenCount: 10_000,
  candidatesTokenCount: 400,
  thoughtsTokenCount: 1_600,
  totalTokenCount: 14_000,
  promptTokensDetails: [{ modality: 'TEXT', tokenCount: 12_000 }],
}
/** At $0.30, $0.03 and $2.50 for a million tokens: $0.0006 + $0.0003 + $0.005. */
const USD = 0.0059

describe('what an answer of Gemini costs', () => {
  it('is the sum of its classes, by the price list', async () => {
    const { receipt } = await send(USAGE)
    expect(receipt?.usage).toMatchObject({
      inputTokens: 12_000,
      cachedInputTokens: 10_000,
      outputTokens: 2_000,
      reasoningTokens: 1_600,
    })
    expect(receipt?.cost).toMatchObject({ usage: 'reported', price: 'list', listedBy: 'entry-name' })
    expect(receipt?.cost?.usd).toBeCloseTo(USD, 12)
  })

  it.each([
    ['ON_DEMAND', 1, 'on_demand'],
    ['ON_DEMAND_FLEX', 0.5, 'flex'],
    ['ON_DEMAND_PRIORITY', 2, 'priority'],
    ['ON_DEMAND_OFFPEAK', 1, 'offpeak'],
    ['PROVISIONED_THROUGHPUT', 1, 'provisioned_throughput'],
    ['ON_DEMAND_SAVER', 2, 'saver'],
    ['TRAFFIC_TYPE_UNSPECIFIED', 1, undefined],
  ])('is that of the kind of traffic: %s', async (trafficType, factor, tier) => {
    const { receipt } = await send({ ...USAGE, trafficType })
    expect(receipt?.serviceTier).toBe(tier)
    expect(receipt?.cost?.usd).toBeCloseTo(USD * factor, 12)
  })

  it('grows by a step once the input is longer than 200,000 tokens', async () => {
    const usage = { promptTokenCount: 200_001, candidatesTokenCount: 1_000, totalTokenCount: 201_001 }
    const { receipt } = await send(usage, { path: 'models/gemini-2.5-pro:generateContent' })
    expect(receipt?.cost?.usd).toBeCloseTo(0.200001 * 2.5 + 0.015, 12)
  })

  it('charges sound at its own rate', async () => {
    const promptTokensDetails = [
      { modality: 'TEXT', tokenCount: 1_000 },
      { modality: 'AUDIO', tokenCount: 3_000 },
    ]
    const usage = {
      promptTokenCount: 4_000,
      candidatesTokenCount: 100,
      totalTokenCount: 4_100,
      promptTokensDetails,
    }
    const { receipt } = await send(usage)
    expect(receipt?.cost?.usd).toBeCloseTo((1_000 * 0.3 + 3_000 * 1 + 100 * 2.5) / 1e6, 12)
  })

  it.each<[object | undefined, number]>([
    [[{ modality: 'IMAGE', tokenCount: 1_290 }], 1_290 * 30 + 10 * 2.5],
    [[{ modality: 'TEXT', tokenCount: 1_300 }], 1_300 * 2.5],
    [undefined, 1_300 * 30],
  ])(
    'charges images that the model made at their own rate, and all output if its kinds are unknown: %j',
    async (details, millionths) => {
      const usage = {
        promptTokenCount: 0,
        candidatesTokenCount: 1_300,
        totalTokenCount: 1_300,
        ...(details && { candidatesTokensDetails: details }),
      }
      const { receipt } = await send(usage, { path: 'models/gemini-2.5-flash-image:generateContent' })
      expect(receipt?.cost?.usd).toBeCloseTo(millionths / 1e6, 12)
    },
  )

  it('is unknown and counted for a tuned model and for one that is not listed', async () => {
    for (const model of ['tunedModels/mine', 'models/gemini-9-pro']) {
      const { receipt } = await send(USAGE, { path: `${model}:generateContent` })
      expect(receipt?.cost).toBeUndefined()
    }
  })

  it('is known for an embedding', async () => {
    const usage = { promptTokenCount: 1_000, totalTokenCount: 1_000 }
    const { receipt } = await send(usage, { path: 'models/gemini-embedding-001:embedContent' })
    expect(receipt?.cost?.usd).toBeCloseTo(0.00015, 12)
  })
})

describe('a spend limit for answers of Gemini', () => {
  const usage = { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 }
  const audio = Buffer.alloc(160_000).toString('base64')
  const sound = { contents: [{ parts: [{ inlineData: { mimeType: 'audio/wav', data: audio } }] }] }
  const price = { inputPerMillion: 1, outputPerMillion: 1, audioInputPerMillion: 5 }

  it.each<[object, number, number]>([
    [{}, 0.001, 200],
    [{ serviceTier: 'PRIORITY' }, 0.001, 402],
    [{ service_tier: 'SERVICE_TIER_PRIORITY' }, 0.001, 402],
    [{ serviceTier: 'priority' }, 0.002, 200],
    [{ serviceTier: 'SERVICE_TIER_STANDARD' }, 0.001, 200],
  ])('covers the tier that a request asks for: %j', async (more, usd, status) => {
    const thinkingConfig = { thinkingBudget: 0 }
    const request = { generationConfig: { maxOutputTokens: 900, thinkingConfig }, ...more }
    const models = { 'gemini-2.5-flash': { price: { inputPerMillion: 0, outputPerMillion: 1 } } }
    expect((await send(usage, { spendLimit: { usd, per: 'total' }, models, request })).status).toBe(status)
  })

  it.each<[object, number | undefined, number]>([
    [{ fileUri: 'https://youtu.be/x' }, undefined, 1_048_576],
    [{ fileUri: 'files/1', mimeType: 'video/mp4' }, undefined, 1_048_576],
    [{ fileUri: 'files/1', mimeType: 'audio/mp3' }, undefined, 1_048_576],
    [{ fileUri: 'files/1', mimeType: 'video/mp4' }, 200_000, 200_000],
  ])('covers a video or sound of unknown length: %j', async (fileData, contextTokens, tokens) => {
    const request = {
      contents: [{ parts: [{ fileData }] }],
      generationConfig: { thinkingConfig: { thinkingBudget: 0 } },
    }
    const models = {
      'gemini-2.5-flash': { price: { inputPerMillion: 1, outputPerMillion: 0 }, contextTokens },
    }
    const statusOf = async (count: number): Promise<number> => {
      const spendLimit = { usd: count / 1e6, per: 'total' } as const
      return (await send(usage, { spendLimit, models, request })).status
    }
    expect(await statusOf(tokens - 1)).toBe(402)
    expect(await statusOf(tokens)).toBe(200)
  })

  it('does not take a document of unknown length for a video', async () => {
    const fileData = { fileUri: 'files/1', mimeType: 'application/pdf' }
    const models = { 'gemini-2.5-flash': { price: { inputPerMillion: 1, outputPerMillion: 0 } } }
    const options = { spendLimit: { usd: 0.05, per: 'total' }, models } as const
    expect(
      (await send(usage, { ...options, request: { contents: [{ parts: [{ fileData }] }] } })).status,
    ).toBe(200)
  })

  it.each<[Record<string, string>, object, number, number]>([
    [{ 'x-vertex-ai-llm-shared-request-type': 'priority' }, {}, 0.001, 402],
    [{ 'X-Vertex-AI-LLM-Shared-Request-Type': 'PRIORITY' }, {}, 0.002, 200],
    [{ 'x-vertex-ai-llm-shared-request-type': 'flex' }, {}, 0.001, 200],
    [{ 'x-vertex-ai-llm-shared-request-type': 'flex' }, { serviceTier: 'priority' }, 0.001, 402],
    [{ 'x-vertex-ai-llm-shared-request-type': 'priority' }, { serviceTier: 'flex' }, 0.001, 402],
    [{ 'x-vertex-ai-llm-shared-request-type': 'brand-new' }, {}, 0.001, 402],
  ])('covers the tier that a header asks for: %j %j', async (headers, more, usd, status) => {
    const thinkingConfig = { thinkingBudget: 0 }
    const request = { generationConfig: { maxOutputTokens: 900, thinkingConfig }, ...more }
    const models = { 'gemini-2.5-flash': { price: { inputPerMillion: 0, outputPerMillion: 1 } } }
    const options = { spendLimit: { usd, per: 'total' }, models, request, headers } as const
    expect((await send(usage, options)).status).toBe(status)
  })

  it.each<[string, object, object, number]>([
    ['the tier that the answer names', { trafficType: 'ON_DEMAND' }, {}, 1],
    ['the tier of the header, if the answer names none', {}, {}, 2],
    ['the tier of the body, if the answer names none', {}, { serviceTier: 'priority' }, 2],
  ])('is followed by a cost at %s', async (_, report, request, factor) => {
    const price = { inputPerMillion: 0, outputPerMillion: 1e6 }
    const { receipt } = await send(
      { ...usage, ...report },
      {
        models: { 'gemini-2.5-flash': { price } },
        request,
        headers: { 'x-vertex-ai-llm-shared-request-type': 'priority' },
      },
    )
    expect(receipt?.cost?.usd).toBeCloseTo(factor, 9)
  })

  it.each<[string, object, number]>([
    ['gemini-2.5-flash', {}, 9_092],
    ['gemini-3-flash-preview', {}, 9_092],
    ['gemini-2.5-flash', { thinkingConfig: { includeThoughts: true } }, 9_092],
    ['gemini-2.5-flash', { thinkingConfig: { thinkingBudget: -1 } }, 9_092],
    ['gemini-2.5-flash', { thinkingConfig: { thinkingBudget: 100 } }, 1_000],
    ['gemini-2.5-flash', { thinkingConfig: { thinkingBudget: 0 } }, 900],
    ['gemini-2.5-flash', { candidateCount: 2 }, 18_184],
    ['gemini-2.0-flash', {}, 900],
  ])('covers the thoughts of a model that thinks by itself: %s %j', async (model, more, tokens) => {
    const models = { [model]: { price: { inputPerMillion: 0, outputPerMillion: 1 } } }
    const request = { generationConfig: { maxOutputTokens: 900, ...more } }
    const path = `models/${model}:generateContent`
    const statusOf = async (count: number): Promise<number> => {
      const spendLimit = { usd: count / 1e6, per: 'total' } as const
      return (await send(usage, { spendLimit, models, request, path })).status
    }
    expect(await statusOf(tokens - 1)).toBe(402)
    expect(await statusOf(tokens)).toBe(200)
  })

  it('refuses a model without a price, unless that is allowed', async () => {
    const path = 'models/gemini-9-pro:generateContent'
    expect((await send(usage, { spendLimit: { usd: 1, per: 'total' }, path })).status).toBe(402)
    const allowed = { usd: 1, per: 'total', unpriced: 'allow' } as const
    expect((await send(usage, { spendLimit: allowed, path })).status).toBe(200)
  })

  it('covers sound at its own rate', async () => {
    const least = async (own: object): Promise<number> => {
      for (let usd = 0.0005; usd < 1; usd *= 1.1) {
        const options = {
          models: { 'gemini-2.5-flash': { price: { ...price, ...own } } },
          request: {
            ...sound,
            generationConfig: { maxOutputTokens: 1, thinkingConfig: { thinkingBudget: 0 } },
          },
        }
        if ((await send(usage, { spendLimit: { usd, per: 'total' }, ...options })).status === 200) return usd
      }
      return NaN
    }
    const asText = await least({ audioInputPerMillion: 1 })
    expect(await least({})).toBeGreaterThan(4 * asText)
  })
})
