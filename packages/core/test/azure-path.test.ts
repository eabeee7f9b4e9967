import OpenAI, { AzureOpenAI } from 'openai'
import { describe, expect, it } from 'vitest'
import { receiptOf } from '../src/index.ts'
import { harborFetchFor, harborFor, HELLO } from './helpers/harbor-for.ts'
import { sendJson, serve } from './helpers/http-server.ts'

/** An Azure resource whose deployment `main` is down. */
async function azure(): Promise<Awaited<ReturnType<typeof serve>> & { readonly endpoint: string }> {
  const upstream = await serve(({ path }, response) => {
    if (path.includes('/main/')) {
      sendJson(response, { error: { message: 'Down.' } }, 503)
      return
    }
    const choice = { index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'spare' } }
    sendJson(response, { object: 'chat.completion', choices: [choice] })
  })
  return { ...upstream, endpoint: upstream.baseURL.replace('/v1', '') }
}

const ASK = { ...HELLO, model: 'main' }
const SPARE = '/openai/deployments/spare/chat/completions?api-version=2024-10-21'

describe('a model that stands in the path', () => {
  it('is replaced there for a fallback of AzureOpenAI over createHarborFetch', async () => {
    const { endpoint, requests } = await azure()
    const fetch = harborFetchFor({ fallback: { main: ['spare'] } })
    const client = new AzureOpenAI({ apiKey: 'k', endpoint, apiVersion: '2024-10-21', maxRetries: 0, fetch })
    const answer = await client.chat.completions.create(ASK)
    expect(answer.choices[0]?.message.content).toBe('spare')
    expect(requests.at(-1)).toMatchObject({ path: SPARE, headers: { 'api-key': 'k' } })
    expect(JSON.parse(requests.at(-1)?.body ?? '')).toMatchObject({ model: 'spare' })
  })

  it('is replaced there for a fallback of a Harbor whose baseURL is a deployment, also in chains of other kinds', async () => {
    const { endpoint, requests } = await azure()
    const harbor = harborFor(
      { baseURL: `${endpoint}/openai/deployments/main` },
      {
        defaultQuery: { 'api-version': '2024-10-21' },
        fallback: { main: ['spare'] },
        cache: true,
      },
    )
    await harbor.chat.completions.create(ASK)
    expect(requests.at(-1)?.path).toBe(SPARE)
    await harbor.chat.completions.create(ASK, { query: { other: 1 } })
    const copy = harbor.withOptions({ fallback: ['another'] })
    await copy.chat.completions.create(ASK)
    expect(requests.at(-1)?.path).toBe(SPARE.replace('spare', 'another'))
  })
})

describe('two targets of a chain that give the same request', () => {
  const upstream = { apiKey: 'key', baseURL: 'https://provider.example/v1' }

  it.each([
    ['in a list', { fallback: ['a/m', 'b/m'] }],
    ['with the model that is asked for', { fallback: { 'a/m': ['b/m'] } }],
    ['in a chain for long requests', { contextWindowFallback: ['a/m', 'b/m'] }],
    ['in a chain for refused content', { contentPolicyFallback: ['a/m', 'b/m'] }],
  ])('are refused %s', (_where, chains) => {
    const providers = { a: upstream, b: { ...upstream, baseURL: 'https://provider.example/v1/' } }
    expect(() => harborFor({ baseURL: 'http://unused/v1' }, { providers, ...chains })).toThrow(
      /names a\/m and b\/m, which give the same request/,
    )
  })

  it.each([
    ['another key', { ...upstream, apiKey: 'other' }],
    ['another address', { ...upstream, baseURL: 'https://other.example/v1' }],
    ['another header', { ...upstream, headers: { 'x-region': 'eu' } }],
    ['other parameters', { ...upstream, dropParams: ['seed'] }],
  ])('are not those with %s', (_what, b) => {
    const options = { providers: { a: upstream, b }, fallback: ['a/m', 'b/m'] }
    expect(() => harborFor({ baseURL: 'http://unused/v1' }, options)).not.toThrow()
  })

  it('are called once where a caller brings what an entry has, and the receipt says so', async () => {
    const { baseURL, requests } = await serve((_, response) => sendJson(response, {}, 503))
    const fetch = harborFetchFor({
      providers: { twin: { apiKey: 'key', baseURL } },
      fallback: ['twin/gpt-4'],
      maxRetries: 0,
    })
    const client = new OpenAI({ apiKey: 'key', baseURL, maxRetries: 0, fetch })
    const error: unknown = await client.chat.completions.create(HELLO).catch((error: unknown) => error)
    expect(error).toMatchObject({ status: 503 })
    expect(requests).toHaveLength(1)
    const receipt = receiptOf(error)
    expect(receipt?.skipped).toEqual([
      { target: 'twin/gpt-4', reason: 'it gives the same request as openai/gpt-4' },
    ])
  })
})
