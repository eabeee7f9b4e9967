import OpenAI from 'openai'
import { afterAll, beforeEach, expect, it } from 'vitest'
import { chat, chatBody, post } from '../../../test/wire.ts'
import { startSimulator } from '../../index.ts'

const simulator = await startSimulator()
const provider = simulator.provider()
const client = new OpenAI({ apiKey: 'right', baseURL: provider.baseURL, maxRetries: 0 })
afterAll(() => simulator.close())
beforeEach(() => provider.script({}))

it('lists the default models or those of the script, and returns one by its name', async () => {
  const names = async () => (await client.models.list()).data.map((model) => model.id)
  expect(await names()).toContain('gpt-4')
  provider.script({ models: ['org/small one'] })
  expect(await names()).toEqual(['org/small one'])
  expect((await client.models.retrieve('org/small one')).object).toBe('model')
  await expect(client.models.retrieve('gpt-4')).rejects.toThrow(OpenAI.NotFoundError)
})

it('refuses a wrong or missing key with 401, if keys are configured', async () => {
  provider.script({ apiKeys: ['right'] })
  await client.models.list()
  await expect(client.withOptions({ apiKey: 'wrong' }).models.list()).rejects.toMatchObject({
    status: 401,
    code: 'invalid_api_key',
    message: expect.not.stringContaining('wrong') as string,
  })
  expect((await chat(provider)).status).toBe(401)
  expect((await chat(provider, { headers: { 'api-key': 'right' } })).status).toBe(200)
})

it('refuses an unknown model with 404, if models are configured', async () => {
  provider.script({ models: ['gpt-4o'] })
  const model = 'gpt-5'
  for (const ask of [
    () => client.chat.completions.create({ model, messages: [{ role: 'user', content: 'Hello' }] }),
    () => client.responses.create({ model, input: 'Hello' }),
    () => client.embeddings.create({ model, input: 'Hello' }),
  ]) {
    await expect(ask()).rejects.toMatchObject({ status: 404, code: 'model_not_found', param: 'model' })
  }
})

it.each([
  ['a body that is not JSON', '/chat/completions', '{"model":', null],
  ['a body that is not an object', '/chat/completions', [chatBody], null],
  ['no body', '/responses', '', null],
  ['no model', '/chat/completions', { messages: chatBody.messages }, 'model'],
  ['no messages', '/chat/completions', { model: 'gpt-4' }, 'messages'],
  ['empty messages', '/chat/completions', { model: 'gpt-4', messages: [] }, 'messages'],
  ['a message without a role', '/chat/completions', { model: 'gpt-4', messages: [{}] }, 'messages[0].role'],
  ['n of 0', '/chat/completions', { ...chatBody, n: 0 }, 'n'],
  ['no input', '/responses', { model: 'gpt-4' }, 'input'],
])('refuses %s with 400 and names the parameter', async (_, path, body, param) => {
  const answer = await post(provider, path, body)
  expect(answer.status).toBe(400)
  expect(JSON.parse(answer.body)).toMatchObject({ error: { type: 'invalid_request_error', param } })
})

it('answers an unknown path with 404', async () => {
  const { status, body } = await post(provider, '/moon', {})
  expect(status).toBe(404)
  expect(body).toContain('Invalid URL (POST /v1/moon)')
})

it('adds x-request-id and openai-processing-ms to every answer', async () => {
  provider.fail('ok', { type: 'status', status: 500 }, { type: 'html-200' })
  const ids = []
  for (let call = 0; call < 3; call++) {
    const { headers } = await chat(provider)
    ids.push(headers['x-request-id'])
    expect(headers['openai-processing-ms']).toMatch(/^\d+$/)
  }
  expect(ids).toEqual(
    provider
      .requests()
      .slice(-3)
      .map((request) => request.requestId),
  )
  expect(new Set(ids).size).toBe(3)
})
