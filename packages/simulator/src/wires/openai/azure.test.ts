import OpenAI, { AzureOpenAI } from 'openai'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { eventsOf } from '../../../test/wire.ts'
import { startSimulator } from '../../index.ts'

const simulator = await startSimulator()
const provider = simulator.provider()
const endpoint = `http://127.0.0.1:${provider.port}`
const client = new AzureOpenAI({ endpoint, apiKey: 'key', apiVersion: '2024-10-21', maxRetries: 0 })
afterAll(() => simulator.close())
beforeEach(() => {
  provider.script({})
  provider.reset()
})

const model = 'my-deployment'
const messages = [{ role: 'user' as const, content: 'What is a harbour?' }]

function post(path: string, body: object): Promise<Response> {
  return fetch(endpoint + path, { method: 'POST', body: JSON.stringify(body) })
}

describe('a deployment path', () => {
  it('answers chat and embeddings, with the deployment as the model', async () => {
    const { choices, ...answer } = await client.chat.completions.create({ model, messages })
    expect(choices[0]?.message.content).toContain('harbour')
    expect(choices[0]).toHaveProperty('content_filter_results.hate.severity', 'safe')
    expect(answer).toHaveProperty('prompt_filter_results')
    expect(answer.model).toBe(model)
    await client.embeddings.create({ model, input: 'sea' })
    expect(provider.requests()).toMatchObject([
      { operation: 'chat', model, path: `/openai/deployments/${model}/chat/completions` },
      { operation: 'embeddings', model },
    ])
  })

  it('needs no model in the body', async () => {
    const path = `/openai/deployments/${model}/chat/completions?api-version=2024-10-21`
    expect(await (await post(path, { messages })).json()).toMatchObject({ model })
  })

  it('starts a stream with the results of the content filter, before any choice', async () => {
    const stream = await client.chat.completions.create({ model, messages, stream: true })
    const chunks = []
    for await (const chunk of stream) chunks.push(chunk)
    expect(chunks[0]).toMatchObject({ choices: [], id: '', prompt_filter_results: [{ prompt_index: 0 }] })
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('stop')
  })

  it('is not found without api-version, or without a deployment', async () => {
    const path = `/openai/deployments/${model}/chat/completions`
    expect((await post(path, { messages })).status).toBe(404)
    provider.script({ models: ['other'] })
    await expect(client.chat.completions.create({ model, messages })).rejects.toMatchObject({
      status: 404,
      code: 'DeploymentNotFound',
    })
  })

  it('reports errors of the gateway by their status, with Azure’s headers', async () => {
    provider.script({ apiKeys: ['right'] })
    const error = await client.chat.completions.create({ model, messages }).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(OpenAI.AuthenticationError)
    expect(error).toMatchObject({
      code: '401',
      message: expect.stringContaining('subscription key') as string,
    })
    expect((error as InstanceType<typeof OpenAI.APIError>).headers?.get('apim-request-id')).toMatch(/^req_/)
    provider.script({})
    provider.fail({ type: 'status', status: 429, retryAfter: '2' })
    await expect(client.chat.completions.create({ model, messages })).rejects.toMatchObject({ code: '429' })
  })

  it('refuses a prompt that its filter blocks with 400', async () => {
    provider.fail({ type: 'blocked-prompt' })
    await expect(client.chat.completions.create({ model, messages })).rejects.toMatchObject({
      status: 400,
      code: 'content_filter',
      error: { innererror: { code: 'ResponsibleAIPolicyViolation' } },
    })
  })
})

describe('the other roots of OpenAI’s API', () => {
  it.each([
    ['/openai/v1/responses', { model, input: 'Hello' }, 'responses'],
    ['/openai/responses?api-version=2025-04-01-preview', { model, input: 'Hello' }, 'responses'],
    ['/v1beta/openai/chat/completions', { model, messages }, 'chat'],
    ['/proxy/v1/embeddings', { model, input: 'Hello' }, 'embeddings'],
  ])('have %s', async (path, body, operation) => {
    expect((await post(path, body)).status).toBe(200)
    expect(provider.counts().byOperation).toEqual({ [operation]: 1 })
  })

  it.each(['/chat/completions', '/v1/openai', '/v1/chat', '/v1/chat/completions/5'])(
    'lack %s',
    async (path) => {
      expect((await post(path, { model, messages })).status).toBe(404)
    },
  )

  it('do not add Azure’s filter results to the answers of other vendors', async () => {
    const answer = await post('/v1beta/openai/chat/completions', { model, messages, stream: true })
    expect(eventsOf(await answer.text())[0]).not.toContain('filter')
    expect(answer.headers.get('apim-request-id')).toBeNull()
  })
})

describe('a service tier', () => {
  it('is the requested one, or that of the script', async () => {
    const openai = new OpenAI({ apiKey: 'key', baseURL: provider.baseURL, maxRetries: 0 })
    const ask = (service_tier: 'auto' | 'flex') =>
      openai.chat.completions.create({ model, messages, service_tier })
    expect((await ask('auto')).service_tier).toBe('default')
    expect((await ask('flex')).service_tier).toBe('flex')
    provider.script({ servedTier: 'priority' })
    expect((await ask('flex')).service_tier).toBe('priority')
  })

  it('can be refused by a rule for it', async () => {
    const openai = new OpenAI({ apiKey: 'key', baseURL: provider.baseURL, maxRetries: 0 })
    provider.script({ rules: [{ when: { tier: 'flex' }, fault: { type: 'tier-unavailable' } }] })
    const create = (service_tier: 'auto' | 'flex') =>
      openai.responses.create({ model, input: 'Hello', service_tier })
    await expect(create('flex')).rejects.toMatchObject({ status: 429, code: 'resource_unavailable' })
    expect((await create('auto')).status).toBe('completed')
  })
})
