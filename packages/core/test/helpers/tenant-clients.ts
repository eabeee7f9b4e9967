import OpenAI from 'openai'
import type { ServerResponse } from 'node:http'
import type { HarborOptions } from '../../src/index.ts'
import { harborFetchFor, harborFor } from './harbor-for.ts'
import { sendJson, type UpstreamRequest } from './http-server.ts'

/** The client for calls of one tenant. */
export type ClientFor = (tenant: string) => OpenAI

export interface Way {
  readonly name: string
  /** Makes what both tenants share; their clients differ in one thing. */
  readonly open: (baseURL: string, options: HarborOptions) => ClientFor
}

let tokens = 0
/** Functions that return a new key each time, which begins with the tenant's name. */
const keyFunctions = new Map<string, () => Promise<string>>()
function keyFunctionFor(tenant: string): () => Promise<string> {
  let made = keyFunctions.get(tenant)
  if (!made) keyFunctions.set(tenant, (made = () => Promise.resolve(`${tenant}.${++tokens}`)))
  return made
}

const byHeaders = (name: string, value: (tenant: string) => string): Way => ({
  name: `default headers: ${name}`,
  open: (baseURL, options) => {
    const harbor = harborFor({ baseURL }, { apiKey: 'shared', ...options })
    return (tenant) => harbor.withOptions({ defaultHeaders: { [name]: value(tenant) } })
  },
})

/** The ways in which several tenants share one client. */
export const WAYS: readonly Way[] = [
  {
    name: 'copies with keys of their own',
    open: (baseURL, options) => {
      const harbor = harborFor({ baseURL }, options)
      return (apiKey) => harbor.withOptions({ apiKey })
    },
  },
  {
    name: 'copies of a client whose key stands under providers.openai',
    open: (baseURL, { providers, ...options }) => {
      const openai = { apiKey: 'own', baseURL }
      const harbor = harborFor(
        { baseURL },
        { ...options, apiKey: undefined, providers: { ...providers, openai } },
      )
      return (apiKey) => harbor.withOptions({ apiKey })
    },
  },
  {
    name: 'copies with an entry providers.openai of their own',
    open: (baseURL, { providers, ...options }) => {
      const harbor = harborFor({ baseURL }, { ...options, providers: { ...providers } })
      return (apiKey) => harbor.withOptions({ providers: { ...providers, openai: { apiKey } } })
    },
  },
  {
    name: 'copies with functions that make keys',
    open: (baseURL, options) => {
      const harbor = harborFor({ baseURL }, options)
      return (tenant) => harbor.withOptions({ apiKey: keyFunctionFor(tenant) })
    },
  },
  byHeaders('authorization', (tenant) => `Bearer ${tenant}`),
  byHeaders('x-api-key', (tenant) => tenant),
  byHeaders('cookie', (tenant) => `session=${tenant}`),
  byHeaders('openai-organization', (tenant) => tenant),
  byHeaders('x-gateway-tenant', (tenant) => tenant),
  {
    name: 'headers of each call',
    open: (baseURL, options) => {
      const harbor = harborFor({ baseURL }, { apiKey: 'shared', ...options })
      return (tenant) => {
        const client = Object.create(harbor) as OpenAI
        const headers = { 'ocp-apim-subscription-key': tenant }
        client.chat = {
          completions: {
            create: (body: never, given?: object) =>
              harbor.chat.completions.create(body, { headers, ...given }),
          },
        } as never
        client.embeddings = { create: (body: never) => harbor.embeddings.create(body, { headers }) } as never
        return client
      }
    },
  },
  {
    name: 'clients of another SDK on one createHarborFetch',
    open: (baseURL, { apiKey: _key, ...options }) => {
      const fetch = harborFetchFor(options)
      return (apiKey) => new OpenAI({ apiKey, baseURL, fetch, maxRetries: 0, logLevel: 'off' })
    },
  },
]

/** The tenant of a request, as the provider sees it. */
export function tenantOf({ headers }: UpstreamRequest): string {
  const names = [
    'x-api-key',
    'cookie',
    'openai-organization',
    'x-gateway-tenant',
    'ocp-apim-subscription-key',
    'authorization',
    'api-key',
  ]
  const value = names.map((name) => headers[name]).find((each) => typeof each === 'string') as string
  return value.replace(/^Bearer |^session=/, '').replace(/\.\d+$/, '')
}

export const chat = (content: string, model = 'gpt-4') => ({
  model,
  temperature: 0,
  messages: [{ role: 'user' as const, content }],
})

export async function ask(client: OpenAI, content: string, stream = false): Promise<string> {
  const body = chat(content)
  if (!stream) return (await client.chat.completions.create(body)).choices[0]?.message.content ?? ''
  let text = ''
  for await (const { choices } of await client.chat.completions.create({ ...body, stream: true }))
    text += choices[0]?.delta.content ?? ''
  return text
}

/** Answers each request with the tenant that made it. */
export function answerFor(
  request: UpstreamRequest,
  response: ServerResponse,
  tenant = tenantOf(request),
): void {
  const { stream, input, messages } = JSON.parse(request.body) as {
    stream?: boolean
    input?: string | string[]
    messages?: { content: string }[]
  }
  if (input !== undefined) {
    const data = [input]
      .flat()
      .map((_, index) => ({ object: 'embedding', index, embedding: [tenant.charCodeAt(0)] }))
    sendJson(response, { object: 'list', model: 'e', data, usage: { prompt_tokens: 1, total_tokens: 1 } })
    return
  }
  const content = `${messages?.[0]?.content ?? ''} for ${tenant}`
  if (!stream) {
    const message = { role: 'assistant', content }
    sendJson(response, {
      id: 'c',
      object: 'chat.completion',
      choices: [{ index: 0, message, finish_reason: 'stop' }],
    })
    return
  }
  const chunk = (delta: object, finish_reason: string | null): string =>
    `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason }] })}\n\n`
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.end(chunk({ content }, null) + chunk({}, 'stop') + 'data: [DONE]\n\n')
}
