import { describe, expect, it } from 'vitest'
import { sendJson } from '../helpers/http-server.ts'
import { geminiFor } from './gemini-client.ts'

const MODEL = 'gemini-embedding-001'
interface Sent {
  requests: { model: string; outputDimensionality?: number; content: { parts: { text: string }[] } }[]
}

describe("single embeddings of Gemini's SDK", () => {
  it('share one request, and each caller gets its own vector and its share of the tokens', async () => {
    const { genai, requests, receipts } = await geminiFor(
      ({ body }, response) => {
        const sent = (JSON.parse(body) as Sent).requests
        const embeddings = sent.map(({ content }) => ({ values: [content.parts[0]?.text.length ?? 0] }))
        sendJson(response, { embeddings, usageMetadata: { promptTokenCount: 12, totalTokenCount: 12 } })
      },
      { embeddingBatch: true },
    )
    const texts = ['a', 'bb', 'ccc']
    const answers = await Promise.all(
      texts.map((contents) => genai.models.embedContent({ model: MODEL, contents })),
    )
    expect(answers.map(({ embeddings }) => embeddings)).toEqual([
      [{ values: [1] }],
      [{ values: [2] }],
      [{ values: [3] }],
    ])
    expect(requests).toHaveLength(1)
    expect((JSON.parse(requests[0]?.body ?? '') as Sent).requests.map(({ model }) => model)).toEqual(
      Array(3).fill(`models/${MODEL}`),
    )
    expect(receipts.map(({ usage }) => usage?.inputTokens).toSorted()).toEqual([2, 4, 6])
    expect(receipts[0]?.batch).toEqual({ size: 3 })
  })

  it('with other settings, or several texts, have requests of their own', async () => {
    const { genai, requests } = await geminiFor(
      ({ body }, response) =>
        sendJson(response, { embeddings: (JSON.parse(body) as Sent).requests.map(() => ({ values: [1] })) }),
      { embeddingBatch: true },
    )
    await Promise.all([
      genai.models.embedContent({ model: MODEL, contents: 'a' }),
      genai.models.embedContent({ model: MODEL, contents: 'a', config: { outputDimensionality: 8 } }),
      genai.models.embedContent({ model: MODEL, contents: ['a', 'b'] }),
    ])
    expect(requests).toHaveLength(3)
  })
})
