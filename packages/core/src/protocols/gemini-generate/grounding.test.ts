import { describe, expect, it } from 'vitest'
import { GEMINI_TOKENS } from './gemini-tokens.ts'
import { GeminiUsage } from './gemini-usage.ts'
import { toolUsesOfRequest } from './grounding.ts'

const usageMetadata = { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 }
const web = { groundingChunks: [{ web: { uri: 'https://x' } }] }
const place = { maps: { placeId: 'p' } }

function usesIn(...metadata: readonly unknown[]): unknown {
  const reader = new GeminiUsage()
  for (const groundingMetadata of metadata)
    reader.read({ candidates: [{ groundingMetadata }], usageMetadata })
  return reader.usage?.serverToolUses
}

describe('the tools that Google used for an answer', () => {
  it.each<[string, readonly unknown[], object | undefined]>([
    ['nothing', [undefined], undefined],
    ['metadata that is empty', [{}], undefined],
    ['metadata of another form', ['x', null, { webSearchQueries: 'x', groundingChunks: 1 }], undefined],
    [
      'queries',
      [{ webSearchQueries: ['a', 'b', 'c'] }],
      { google_search_prompts: 1, google_search_queries: 3 },
    ],
    [
      'empty queries',
      [{ webSearchQueries: ['', 'b'] }],
      { google_search_prompts: 1, google_search_queries: 1 },
    ],
    [
      'a repeated query',
      [{ webSearchQueries: ['a', 'a'] }],
      { google_search_prompts: 1, google_search_queries: 2 },
    ],
    [
      'queries in several chunks, some of them again',
      [{ webSearchQueries: ['a'] }, { webSearchQueries: ['a', 'b'] }, { imageSearchQueries: ['c'] }, {}],
      { google_search_prompts: 1, google_search_queries: 3 },
    ],
    ['pages without queries', [web], { google_search_prompts: 1, google_search_queries: 1 }],
    ['places', [{ groundingChunks: [place, place] }], { google_maps_prompts: 1, google_maps_queries: 2 }],
    ['a search in own data', [{ retrievalQueries: ['a', 'b'] }], { retrieval_requests: 2 }],
  ])('are counted by %s', (_, metadata, uses) => {
    expect(usesIn(...metadata)).toEqual(uses)
  })

  it('have a bound', () => {
    const webSearchQueries = Array.from({ length: 5_000 }, (_, at) => `query ${at}`)
    expect(usesIn({ webSearchQueries })).toMatchObject({ google_search_queries: 1_000 })
  })
})

describe('the tools that a Gemini request offers', () => {
  it.each<[object, object | undefined]>([
    [{}, undefined],
    [{ tools: [{ functionDeclarations: [] }, { codeExecution: {} }, { url_context: {} }] }, undefined],
    [{ tools: [{ googleSearch: {} }] }, { google_search_prompts: 1, google_search_queries: 10 }],
    [{ tools: [{ google_search: {} }] }, { google_search_prompts: 1, google_search_queries: 10 }],
    [{ tools: [{ google_search_retrieval: {} }] }, { google_search_prompts: 1, google_search_queries: 10 }],
    [{ tools: [{ googleMaps: {} }] }, { google_maps_prompts: 1, google_maps_queries: 10 }],
    [{ tools: [{ enterpriseWebSearch: {} }] }, { enterprise_web_search_requests: 1 }],
    [{ tools: [{ retrieval: {} }] }, { retrieval_requests: 1 }],
    [{ tools: [{ 'a b': {} }] }, { other_requests: 1 }],
  ])('are counted as uses at most: %j', (body, uses) => {
    expect(toolUsesOfRequest({ ...body })).toEqual(uses)
  })

  it('let the model read pages, each of which counts as input', () => {
    const pages = (count: number): object[] => [{ parts: [{ text: 'https://example.com/a '.repeat(count) }] }]
    const tokensOf = (count: number, tools: object[]): number =>
      GEMINI_TOKENS.estimate({ contents: pages(count), tools }).inputTokens
    const tools = [{ urlContext: {} }]
    expect(tokensOf(2, tools)).toBeGreaterThan(40_000)
    expect(tokensOf(2, [{ googleSearch: {} }])).toBeLessThan(1_000)
    expect(tokensOf(100, tools)).toBeLessThan(410_000)
  })
})
