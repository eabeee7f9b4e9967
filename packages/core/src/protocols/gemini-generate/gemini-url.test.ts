import { describe, expect, it } from 'vitest'
import { operationOf } from '../registry.ts'
import { geminiGenerate } from './protocol.ts'
import { GEMINI_ENDPOINT as ENDPOINT } from './gemini-endpoint.ts'
import { GEMINI_REQUEST as REQUEST } from './gemini-request.ts'

const HOST = 'https://generativelanguage.googleapis.com'
const VERTEX = 'https://us-central1-aiplatform.googleapis.com/v1/projects/p/locations/us-central1'
const BODY = { contents: [{ parts: [{ text: 'Hi' }] }] }
const google = (baseURL: string) =>
  ({ kind: 'google', native: false, baseURL, apiVersion: '', maxTokensParam: undefined }) as const

describe('the URL of a Gemini request', () => {
  it.each([
    [`${HOST}/v1beta/models/gemini-2.5-pro:generateContent`, 'gemini-2.5-pro', 'generateContent', false],
    [
      `${HOST}/v1/models/gemini-2.5-pro:streamGenerateContent?alt=sse`,
      'gemini-2.5-pro',
      'generateContent',
      true,
    ],
    [
      `${HOST}/v1alpha/models/gemini-2.5-pro:streamGenerateContent?key=k&$alt=sse`,
      'gemini-2.5-pro',
      'generateContent',
      true,
    ],
    [`${HOST}/v1beta/models/gemini-2.5-pro%3AgenerateContent`, 'gemini-2.5-pro', 'generateContent', false],
    [`${HOST}/v1beta/tunedModels/my-model:generateContent`, 'tunedModels/my-model', 'generateContent', false],
    [
      `${VERTEX}/publishers/google/models/gemini-2.5-pro:generateContent`,
      'gemini-2.5-pro',
      'generateContent',
      false,
    ],
    [`${VERTEX}/endpoints/123:streamGenerateContent?alt=sse`, 'endpoints/123', 'generateContent', true],
    [
      'http://gateway:4000/gemini/v1beta/models/my%20model:generateContent',
      'my model',
      'generateContent',
      false,
    ],
    ['http://gateway:4000/gemini-2.5-pro:generateContent', 'gemini-2.5-pro', 'generateContent', false],
    [
      `${HOST}/v1beta/models/gemini-embedding-001:embedContent`,
      'gemini-embedding-001',
      'embedContent',
      false,
    ],
    [
      `${HOST}/v1beta/models/gemini-embedding-001:batchEmbedContents`,
      'gemini-embedding-001',
      'embedContent',
      false,
    ],
    [`${HOST}/v1beta/models/gemini-2.5-pro:countTokens`, 'gemini-2.5-pro', 'countTokens', false],
  ])('is recognised by its end: %s', async (url, model, name, streaming) => {
    const operation = await operationOf('POST', url, BODY)
    expect(operation.name).toBe(name)
    expect(REQUEST.modelOf(url, BODY)).toBe(model)
    expect(REQUEST.isStreaming(url, BODY)).toBe(streaming)
  })

  it.each([
    `${HOST}/v1beta/models/gemini-2.5-pro:batchGenerateContent`,
    `${HOST}/v1beta/models/gemini-2.5-pro`,
    `${VERTEX}/publishers/anthropic/models/claude-x:rawPredict`,
    `${VERTEX}/publishers/google/models/imagen:predict`,
    `${HOST}/v1beta/models/gemini-2.5-pro:generatecontent`,
    `${HOST}/v1beta/cachedContents`,
  ])('of another API is not: %s', (url) => {
    expect(geminiGenerate.operationOf(url, BODY, '')).toBeUndefined()
  })

  it('makes a stream without alt=sse one whose answers are not checked', () => {
    const path = `${HOST}/v1beta/models/m:streamGenerateContent`
    for (const query of ['', '?key=k', '?alt=json', '?malt=sse', '?alt=ssed'])
      expect(geminiGenerate.operationOf(path, BODY, query)).toMatchObject({
        checksAnswers: false,
        portable: false,
      })
    for (const query of ['?alt=sse', '?key=k&alt=sse', '?%24alt=sse&key=k', '?alt=SSE#x'])
      expect(geminiGenerate.operationOf(path, BODY, query)).toMatchObject({
        checksAnswers: true,
        portable: true,
      })
  })
})

describe("the address of Gemini's model at another target", () => {
  it.each([
    [`${HOST}/v1/models/a:generateContent?key=k`, 'b', `${HOST}/v1/models/b:generateContent?key=k`],
    [
      `${HOST}/v1beta/models/a:generateContent`,
      'tunedModels/b',
      `${HOST}/v1beta/tunedModels/b:generateContent`,
    ],
    [`${HOST}/v1beta/tunedModels/a:generateContent`, 'b', `${HOST}/v1beta/models/b:generateContent`],
    [
      `${VERTEX}/publishers/google/models/a:generateContent`,
      'b',
      `${VERTEX}/publishers/google/models/b:generateContent`,
    ],
    [
      `${VERTEX}/publishers/google/models/a:generateContent`,
      'endpoints/7',
      `${VERTEX}/endpoints/7:generateContent`,
    ],
    [`${VERTEX}/endpoints/7:generateContent`, 'b', `${VERTEX}/publishers/google/models/b:generateContent`],
    ['http://g/a:generateContent', 'b', 'http://g/b:generateContent'],
    [`${HOST}/v1/models/a:generateContent`, 'b?key=x#', `${HOST}/v1/models/b%3Fkey%3Dx%23:generateContent`],
  ])('of the same provider replaces the model in %s', (url, to, expected) => {
    expect(ENDPOINT.withModel(url, REQUEST.modelOf(url, {}), to)).toBe(expected)
    expect(ENDPOINT.withModel(url, 'a', undefined)).toBe(url)
  })

  it.each([
    [HOST, `${HOST}/v1/models/b:generateContent`],
    ['https://gateway/gemini', 'https://gateway/gemini/v1/models/b:generateContent'],
    [VERTEX, `${VERTEX}/publishers/google/models/b:generateContent`],
  ])('keeps the version of the caller: %s', (baseURL, expected) => {
    expect(ENDPOINT.addressAt(google(baseURL), 'http://x/v1/models/a:generateContent', 'b')).toBe(expected)
  })

  it('takes the usual version where the request has none, and the usual model path for one of Vertex', () => {
    const at = (url: string) => ENDPOINT.addressAt(google(HOST), url, 'b')
    expect(at('http://g/models/a:generateContent')).toBe(`${HOST}/v1beta/models/b:generateContent`)
    expect(at(`${VERTEX}/publishers/google/models/a:generateContent`)).toBe(
      `${HOST}/v1beta/models/b:generateContent`,
    )
  })

  it('carries no credential of the query', () => {
    const url =
      'http://x/v1/models/a:streamGenerateContent?key=k&alt=sse&access_token=t&%6Bey=k2&prettyPrint=false&x=1'
    expect(ENDPOINT.addressAt(google(HOST), url, 'a')).toBe(
      `${HOST}/v1/models/a:streamGenerateContent?alt=sse&prettyPrint=false`,
    )
    expect(ENDPOINT.credentialIn(url)).toBe('k\nk2\nt')
    expect(ENDPOINT.withoutCredential(url)).toBe(
      'http://x/v1/models/a:streamGenerateContent?alt=sse&prettyPrint=false&x=1',
    )
    expect(ENDPOINT.withoutCredential('http://x/v1/models/a:generateContent?key=k')).toBe(
      'http://x/v1/models/a:generateContent',
    )
  })

  it('is signed with a key, or with an access token', () => {
    const request = { url: HOST, headers: new Headers({ 'content-type': 'application/json' }) }
    expect(ENDPOINT.signed(request, google(HOST), 'AIza').headers.get('x-goog-api-key')).toBe('AIza')
    expect(ENDPOINT.signed(request, google(HOST), 'ya29.t').headers.get('authorization')).toBe(
      'Bearer ya29.t',
    )
    expect([...request.headers.keys()]).toEqual(['content-type'])
  })

  it('has the root of its requests, whose list of models is the health check', () => {
    const probe = (url: string) => ENDPOINT.probeURL(ENDPOINT.rootOf(url), google(''))
    expect(probe(`${HOST}/v1/models/a:generateContent?key=k`)).toBe(`${HOST}/v1beta/models`)
    expect(probe('http://g/x/v1beta/models/a:generateContent')).toBe('http://g/x/v1beta/models')
    expect(probe(`${VERTEX}/publishers/google/models/a:generateContent`)).toBe(
      'https://us-central1-aiplatform.googleapis.com/v1/publishers/google/models',
    )
  })

  it('carries only harmless headers of Google', () => {
    expect(ENDPOINT.carriesHeader('x-goog-api-client')).toBe(true)
    expect(ENDPOINT.carriesHeader('x-server-timeout')).toBe(true)
    for (const name of [
      'x-goog-api-key',
      'authorization',
      'x-goog-user-project',
      'x-goog-iam-authority-selector',
    ])
      expect(ENDPOINT.carriesHeader(name)).toBe(false)
  })

  it('replaces the model that a body repeats', () => {
    const adapt = (body: object) => ENDPOINT.adaptBody(body as Record<string, unknown>, 'b', google(HOST), [])
    expect(adapt({ model: 'models/a', content: 1 })).toEqual({ model: 'models/b', content: 1 })
    expect(adapt({ requests: [{ model: 'models/a' }, { model: 'a' }] })).toEqual({
      requests: [{ model: 'models/b' }, { model: 'models/b' }],
    })
    expect(adapt({ generateContentRequest: { model: 'models/a' } })).toEqual({
      generateContentRequest: { model: 'models/b' },
    })
    const same = { requests: [{ model: 'models/b' }], contents: [] }
    expect(adapt(same)).toBe(same)
  })

  it('shares its quota with other versions of its model', () => {
    expect(ENDPOINT.quotaModelOf('gemini-2.5-pro')).toBe('gemini-2.5-pro')
    expect(ENDPOINT.quotaModelOf('gemini-2.5-pro-001')).toBe('gemini-2.5-pro')
    expect(ENDPOINT.quotaModelOf('gemini-flash-latest')).toBe('gemini-flash')
    expect(ENDPOINT.quotaModelOf('gemini-2.5-flash-preview-05-20')).toBe('gemini-2.5-flash-preview-05-20')
  })
})

describe('a Gemini request', () => {
  it.each<[string, object]>([
    ['a continuation token', { ...BODY, continuationToken: 'abc' }],
    ['a cached content', { ...BODY, cachedContent: 'cachedContents/1' }],
    ['a cached content in snake case', { ...BODY, cached_content: 'cachedContents/1' }],
    ['an uploaded file', { contents: [{ parts: [{ fileData: { fileUri: `${HOST}/v1beta/files/a` } }] }] }],
    ['a file in a bucket', { contents: [{ parts: [{ file_data: { file_uri: 'gs://bucket/a' } }] }] }],
    ['a file in a single content', { contents: { parts: [{ fileData: { fileUri: 'files/a' } }] } }],
    [
      'a file in its system instruction',
      { systemInstruction: { parts: [{ fileData: { fileUri: 'files/a' } }] } },
    ],
    [
      'a file in the result of a function',
      { contents: [{ parts: [{ functionResponse: { parts: [{ fileData: { fileUri: 'files/a' } }] } }] }] },
    ],
  ])('with %s belongs to its provider', (_, body) => {
    const operation = geminiGenerate.operationOf(
      '/v1/models/m:generateContent',
      body as Record<string, unknown>,
      '',
    )
    expect(operation).toMatchObject({ portable: false, ambiguousRetries: 0 })
  })

  it('with a public video may be sent to any provider', () => {
    const body = { contents: [{ parts: [{ fileData: { fileUri: 'https://www.youtube.com/watch?v=1' } }] }] }
    expect(geminiGenerate.operationOf('/m:generateContent', body, '')).toMatchObject({ portable: true })
  })

  it('needs what its parts and settings say', () => {
    const part = (mimeType: string) => ({
      contents: [{ parts: [{ inlineData: { mimeType, data: 'AAAA' } }] }],
    })
    expect(REQUEST.needsOf(BODY)).toEqual([])
    expect(REQUEST.needsOf({ ...BODY, tools: [{ functionDeclarations: [] }] })).toEqual(['tools'])
    expect(REQUEST.needsOf(part('image/png'))).toEqual(['vision'])
    expect(REQUEST.needsOf(part('video/mp4'))).toEqual(['vision'])
    expect(REQUEST.needsOf(part('audio/wav'))).toEqual(['audio'])
    expect(REQUEST.needsOf({ ...BODY, generationConfig: { responseModalities: ['AUDIO'] } })).toEqual([
      'audio',
    ])
    expect(REQUEST.needsOf({ ...BODY, generationConfig: { responseMimeType: 'application/json' } })).toEqual([
      'json',
    ])
    expect(REQUEST.needsOf({ ...BODY, generation_config: { response_schema: { type: 'OBJECT' } } })).toEqual([
      'json',
    ])
  })

  it('names its service tier', () => {
    expect(REQUEST.serviceTierOf({ serviceTier: 'FLEX' })).toBe('flex')
    expect(REQUEST.serviceTierOf({ service_tier: 'priority' })).toBe('priority')
    expect(REQUEST.serviceTierOf({ serviceTier: 'unspecified' })).toBeUndefined()
  })
})
