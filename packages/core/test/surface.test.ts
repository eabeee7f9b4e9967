import type { Fault } from '@harbor/simulator'
import OpenAI, { toFile } from 'openai'
import { describe, expect, it } from 'vitest'
import { FEATURES } from './helpers/sdk-features.ts'
import { collect } from './helpers/sdk-versions.ts'
import { harborFetchFor, harborFor, HELLO, simulate } from './helpers/harbor-for.ts'
import { sendJson, serve } from './helpers/http-server.ts'

const MISHAPS: readonly Fault[] = [
  { type: 'status', status: 503 },
  { type: 'reset', when: 'before-headers' },
]

describe.each(FEATURES)('$name', ({ requests, use }) => {
  it('returns what the bare SDK returns', async () => {
    const provider = await simulate()
    const bare = new OpenAI({ apiKey: 'test-key', baseURL: provider.baseURL, logLevel: 'off' })
    const expected = await use(bare)
    provider.reset()
    expect(await use(harborFor(provider))).toEqual(expected)
    expect(provider.counts().calls).toBe(requests)
  })

  it.each(MISHAPS)('returns it also after a fault: $type', async (fault) => {
    const provider = await simulate()
    const harbor = harborFor(provider)
    const expected = await use(harbor)
    provider.reset()
    provider.fail(fault)
    expect(await use(harbor)).toEqual(expected)
    expect(provider.counts().calls).toBe(requests + 1)
    expect(harbor.stats()).toMatchObject({ calls: 2 * requests, attempts: 2 * requests + 1, availability: 1 })
  })
})

describe('embeddings', () => {
  it('are the same numbers from base64 and from floats', async () => {
    const harbor = harborFor(await simulate())
    const request = { model: 'text-embedding-3-small', input: 'one', dimensions: 8 }
    const [decoded, plain] = await Promise.all([
      harbor.embeddings.create(request),
      harbor.embeddings.create({ ...request, encoding_format: 'float' }),
    ])
    expect(decoded.data[0]?.embedding).toHaveLength(8)
    expect(decoded.data[0]?.embedding).toEqual(plain.data[0]?.embedding)
  })
})

describe('a client of the SDK’s other features', () => {
  it('reads all pages of a list', async () => {
    const upstream = await serve(({ path }, response) => {
      const after = new URL(path, 'http://localhost').searchParams.get('after')
      const id = after === null ? 'file-1' : after.replace(/\d+/, (digits) => String(Number(digits) + 1))
      sendJson(response, { object: 'list', data: [{ id }], has_more: id !== 'file-3' })
    })
    const harbor = harborFor(upstream)
    const files = await collect(harbor.files.list({ limit: 1 }))
    expect(files.map(({ id }) => id)).toEqual(['file-1', 'file-2', 'file-3'])
    expect(upstream.requests.map(({ path }) => path)).toEqual([
      '/v1/files?limit=1',
      '/v1/files?limit=1&after=file-1',
      '/v1/files?limit=1&after=file-2',
    ])
    expect(harbor.stats().calls).toBe(3)
  })

  it('sends an upload whole, as one call, and again when its first attempt was refused', async () => {
    const upstream = await serve((_, response) => {
      if (upstream.requests.length === 1) sendJson(response, { error: { message: 'Busy.' } }, 503)
      else sendJson(response, { id: 'file-1', object: 'file' })
    })
    const harbor = harborFor(upstream)
    const file = await harbor.files.create({
      file: await toFile(Buffer.from('{"line":1}\n'), 'lines.jsonl'),
      purpose: 'batch',
    })
    expect(file.id).toBe('file-1')
    for (const { method, path, headers, body } of upstream.requests) {
      expect({ method, path }).toEqual({ method: 'POST', path: '/v1/files' })
      expect(headers['content-type']).toMatch(/^multipart\/form-data; boundary=/)
      expect(body).toContain('filename="lines.jsonl"')
      expect(body).toContain('{"line":1}\n')
    }
    expect(harbor.stats()).toMatchObject({ calls: 1, attempts: 2 })
  })

  it('sends an upload as one call also with createHarborFetch', async () => {
    const upstream = await serve((_, response) => sendJson(response, { id: 'file-1', object: 'file' }))
    const fetch = harborFetchFor()
    const client = new OpenAI({ apiKey: 'test-key', baseURL: upstream.baseURL, maxRetries: 0, fetch })
    await client.files.create({ file: new File(['x'], 'x.jsonl'), purpose: 'batch' })
    expect(fetch.stats()).toMatchObject({ calls: 1, attempts: 1 })
  })

  it('sends a body that can be read only once only once, even if it fails', async () => {
    const upstream = await serve((_, response) => sendJson(response, { error: { message: 'Busy.' } }, 503))
    const harbor = harborFor(upstream)
    const call = harbor.post('/anything', { body: new Blob(['streamed']).stream() })
    await expect(call).rejects.toBeInstanceOf(OpenAI.InternalServerError)
    expect(upstream.requests.map(({ body }) => body)).toEqual(['streamed'])
    expect(harbor.stats()).toMatchObject({ calls: 1, attempts: 1 })
  })

  it('returns a download unchanged', async () => {
    const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index % 251))
    const upstream = await serve((_, response) => {
      response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(bytes)
    })
    const response = await harborFor(upstream).files.content('file-1')
    expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true)
  })

  it('sends headers and queries of the client and of the call', async () => {
    const upstream = await serve((_, response) =>
      sendJson(response, { choices: [{ message: { role: 'assistant', content: 'Hi.' } }] }),
    )
    const harbor = harborFor(upstream, {
      organization: 'org-1',
      defaultHeaders: { 'x-team': 'blue', 'x-both': 'client' },
      defaultQuery: { region: 'eu' },
    })
    await harbor.chat.completions.create(HELLO, {
      headers: { 'x-both': 'call' },
      query: { trace: '1' },
      idempotencyKey: 'once',
    })
    const [request] = upstream.requests
    expect(request?.path).toBe('/v1/chat/completions?region=eu&trace=1')
    expect(request?.headers).toMatchObject({
      authorization: 'Bearer test-key',
      'openai-organization': 'org-1',
      'x-team': 'blue',
      'x-both': 'call',
      'x-stainless-retry-count': '0',
    })
  })

  it('calls a key function for each call', async () => {
    const upstream = await serve((_, response) =>
      sendJson(response, { choices: [{ message: { role: 'assistant', content: 'Hi.' } }] }),
    )
    let asked = 0
    const harbor = harborFor(upstream, { apiKey: async () => `key-${++asked}` })
    await harbor.chat.completions.create(HELLO)
    await harbor.chat.completions.create(HELLO)
    const keys = upstream.requests.map(({ headers }) => headers.authorization)
    expect(keys).toEqual(['Bearer key-1', 'Bearer key-2'])
  })
})
