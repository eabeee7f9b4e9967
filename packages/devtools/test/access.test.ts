import { request } from 'node:http'
import { describe, expect, it } from 'vitest'
import { PLANTED_PROMPT, question, useClients } from './page.ts'

const { client, open } = useClients()

/** Sends a request with headers that `fetch` does not let a caller set. */
function send(
  url: string,
  headers: Record<string, string> = {},
  { method = 'GET', body = '' } = {},
): Promise<{ status: number; text: string; headers: NodeJS.Dict<string | string[]> }> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { headers, method, agent: false }, (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString()
        // The stream of events has no end.
        if (response.headers['content-type']?.startsWith('text/event-stream')) response.destroy()
      })
      response.on('close', () =>
        resolve({ status: response.statusCode ?? 0, text, headers: response.headers }),
      )
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

const PARTS = ['', 'events', 'explain']
const optionsOf = (part: string) =>
  part === 'explain' ? { method: 'POST', body: '{"client":0,"request":{"model":"gpt-5"}}' } : {}
const JSON_TYPE = { 'content-type': 'application/json' }

describe.each(PARTS)('the part /%s of the page', (part) => {
  it('is refused under a foreign host name, also with the right port', async () => {
    const { url } = await open(client())
    const { port } = new URL(url)
    for (const host of [
      'evil.example',
      `evil.example:${port}`,
      `127.0.0.1.evil.example:${port}`,
      '127.0.0.1@evil.example',
      'evil@127.0.0.1',
      'a b',
    ])
      expect(await send(url + part, { ...JSON_TYPE, host }, optionsOf(part)), host).toMatchObject({
        status: 403,
      })
    for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`])
      expect(await send(url + part, { ...JSON_TYPE, host }, optionsOf(part))).toMatchObject({ status: 200 })
  })

  it('is refused to another site', async () => {
    const { url } = await open(client())
    for (const origin of [
      'https://evil.example',
      'null',
      'http://127.0.0.1:1',
      new URL(url).origin.replace('http', 'chrome-extension'),
    ])
      expect(await send(url + part, { ...JSON_TYPE, origin }, optionsOf(part)), origin).toMatchObject({
        status: 403,
      })
    expect(
      await send(
        url + part,
        { ...JSON_TYPE, origin: new URL(url).origin, 'sec-fetch-site': 'same-origin' },
        optionsOf(part),
      ),
    ).toMatchObject({ status: 200 })
  })

  it('needs the token where other machines can reach it', async () => {
    const { url } = await open(client(), { host: '0.0.0.0' })
    const { origin, searchParams } = new URL(url)
    const token = searchParams.get('token') ?? ''
    expect(token).toMatch(/^[\w-]{32}$/)
    const at = (query: string) => send(`${origin}/${part}${query}`, JSON_TYPE, optionsOf(part))
    for (const query of ['', '?token=', `?token=${token.slice(1)}`, `?token=${token.toUpperCase()}x`])
      expect(await at(query)).toMatchObject({ status: 401 })
    expect(await at(`?token=${token}`)).toMatchObject({ status: 200 })
  })
})

describe('the stream of events', () => {
  it('is refused when another site loads it without an origin', async () => {
    const { url } = await open(client())
    for (const site of ['cross-site', 'same-site'])
      expect(await send(`${url}events`, { 'sec-fetch-site': site })).toMatchObject({ status: 403 })
  })

  it('has the receipts of calls, without a prompt', async () => {
    const harbor = client()
    const { url } = await open(harbor)
    await harbor.chat.completions.create(question())
    const { text } = await send(`${url}events`)
    expect(text).toContain('"outcome":"success"')
    expect(text).not.toContain(PLANTED_PROMPT)
  })
})

describe('explain', () => {
  it('returns the targets of a request', async () => {
    const { url } = await open(client({ fallback: { 'gpt-5': ['backup/gpt-5'] } }))
    const { text } = await send(`${url}explain`, JSON_TYPE, optionsOf('explain'))
    expect(JSON.parse(text)).toMatchObject({ targets: [{ name: 'openai/gpt-5' }, { name: 'backup/gpt-5' }] })
  })

  it.each([
    ['a form of another site', { 'content-type': 'text/plain' }, '{}', 415],
    ['text that is not JSON', JSON_TYPE, '{', 400],
    ['a client that does not exist', JSON_TYPE, '{"client":7,"request":{}}', 400],
    ['a request that is no object', JSON_TYPE, '{"client":0,"request":"gpt-5"}', 400],
    ['a request of more than a mebibyte', JSON_TYPE, 'x'.repeat(1_048_577), 413],
  ])('refuses %s', async (_, headers, body, status) => {
    const { url } = await open(client())
    expect(await send(`${url}explain`, headers, { method: 'POST', body })).toMatchObject({ status })
  })
})

describe('the document', () => {
  it('may load, run and connect to nothing from elsewhere', async () => {
    const { url } = await open(client())
    const { headers, text } = await send(url)
    expect(headers['content-security-policy']).toMatch(
      /^default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+'; connect-src 'self'; img-src data:;/,
    )
    expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' })
    expect(text.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:\/\//)
  })

  it('has at most 80 kB with its script and its style', async () => {
    const { url } = await open(client())
    const { text } = await send(url)
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(80_000)
    expect(Buffer.byteLength(text)).toBeGreaterThan(20_000)
  })

  it('answers to no other method, and has no other files', async () => {
    const { url } = await open(client())
    expect(await send(url, {}, { method: 'POST' })).toMatchObject({ status: 405, headers: { allow: 'GET' } })
    expect(await send(`${url}favicon.ico`)).toMatchObject({ status: 404 })
  })
})
