/* eslint-disable @typescript-eslint/no-deprecated -- a Response reads forms, whatever Node recommends to servers */
import { Readable } from 'node:stream'
import zlib from 'node:zlib'
import { MockAgent } from 'undici'
import { describe, expect, it } from 'vitest'
import { startPool, statsOf } from './pool.ts'
import { bodyOf, echo, startServer, type Echoed } from './server.ts'

const sse = 'data: {"a":1}\n\ndata: [DONE]\n\n'

describe('pool.fetch', () => {
  it('accepts a string, a URL, a Request and the Request of another library', async () => {
    const { url } = await startServer(echo)
    const { fetch } = startPool()
    const init = { method: 'POST', body: 'text', headers: { 'x-a': '1' } }
    const foreign = {
      url,
      method: 'POST',
      headers: new Map([['x-a', '1']]),
      body: {},
      arrayBuffer: async () => new TextEncoder().encode('text').buffer,
      signal: new AbortController().signal,
      redirect: 'follow',
    } as unknown as Request
    const answers = await Promise.all([
      fetch(url, init),
      fetch(new URL(url), init),
      fetch(new Request(url, init)),
      fetch(foreign),
      fetch(new Request(url), init),
    ])
    for (const answer of answers) {
      expect(await answer.json()).toMatchObject({
        method: 'POST',
        body: 'text',
        headers: { 'x-a': '1', 'content-length': '4' },
      })
    }
  })

  it('accepts headers as Headers, pairs and a record', async () => {
    const { url } = await startServer(echo)
    const { fetch } = startPool()
    for (const headers of [new Headers({ 'X-A': '1' }), [['X-A', '1']], { 'X-A': ' 1 ' }]) {
      const { headers: sent } = (await (
        await fetch(url, { headers: headers as NonNullable<RequestInit['headers']> })
      ).json()) as Echoed
      expect(sent).toMatchObject({ 'x-a': '1', accept: '*/*', 'accept-encoding': 'gzip, deflate, br, zstd' })
    }
  })

  it.each<[string, () => NonNullable<RequestInit['body']>, string, string]>([
    ['a string', () => 'häl', 'hÃ¤l', 'text/plain;charset=UTF-8'],
    ['bytes', () => new Uint8Array([104, 105]), 'hi', 'none'],
    ['part of a buffer', () => new DataView(new TextEncoder().encode('-hi-').buffer, 1, 2), 'hi', 'none'],
    ['an ArrayBuffer', () => new TextEncoder().encode('hi').buffer, 'hi', 'none'],
    ['a Blob', () => new Blob(['hi'], { type: 'text/csv' }), 'hi', 'text/csv'],
    [
      'URLSearchParams',
      () => new URLSearchParams({ a: '1 2' }),
      'a=1+2',
      'application/x-www-form-urlencoded;charset=UTF-8',
    ],
  ])('sends %s with its content type and length', async (_name, makeBody, body, type) => {
    const { url } = await startServer(echo)
    const answer = await startPool().fetch(url, { method: 'POST', body: makeBody() })
    const echoed = (await answer.json()) as Echoed
    expect(echoed.body).toBe(body)
    expect(echoed.headers['content-type'] ?? 'none').toBe(type)
    expect(echoed.headers['content-length']).toBe(String(body.length))
  })

  it('sends a FormData of the runtime with its files, a boundary and a length', async () => {
    const form = new FormData()
    form.append('purpose', 'batch')
    form.append('file', new File(['{"a":1}'], 'in.jsonl', { type: 'application/jsonl' }))
    const { url } = await startServer(async (request, response) => {
      const body = await bodyOf(request)
      expect(request.headers['content-length']).toBe(String(body.length))
      const received = await new Response(body, {
        headers: { 'content-type': request.headers['content-type'] ?? '' },
      }).formData()
      const file = received.get('file') as File
      response.end(JSON.stringify([received.get('purpose'), file.name, file.type, await file.text()]))
    })
    const answer = await startPool().fetch(url, { method: 'POST', body: form })
    expect(await answer.json()).toEqual(['batch', 'in.jsonl', 'application/jsonl', '{"a":1}'])
  })

  it('streams a ReadableStream, an async iterable and a Readable with duplex', async () => {
    const { url } = await startServer(echo)
    const { fetch } = startPool()
    const parts = (): AsyncGenerator<Uint8Array> =>
      (async function* () {
        yield Buffer.from('one ')
        yield Buffer.from('two')
      })()
    for (const body of [ReadableStream.from(parts()), parts(), Readable.from(parts())]) {
      const answer = await fetch(url, { method: 'POST', body: body, duplex: 'half' })
      expect(await answer.json()).toMatchObject({
        body: 'one two',
        headers: { 'transfer-encoding': 'chunked' },
      })
    }
    await expect(fetch(url, { method: 'POST', body: new Blob(['x']).stream() })).rejects.toThrow(
      /duplex: 'half'/,
    )
  })

  it('sends through the dispatcher of the call', async () => {
    const agent = new MockAgent()
    agent.disableNetConnect()
    agent.get('http://mocked.test').intercept({ path: '/' }).reply(200, 'from the mock')
    const pool = startPool()
    const answer = await pool.fetch('http://mocked.test/', { dispatcher: agent })
    expect(await answer.text()).toBe('from the mock')
    expect(pool.stats()).toEqual({})
  })

  it.each<[string, string, object, RegExp]>([
    ['a URL that is none', 'not a url?key=secret', {}, /^Not a URL that can be fetched: not a url$/],
    ['another protocol', 'ftp://host/', {}, /speaks http: and https:, not ftp:/],
    [
      'credentials in the URL',
      'http://user:secret@host/',
      {},
      /^The URL for http:\/\/host carries credentials/,
    ],
    ['a method that fetch forbids', 'http://host/', { method: 'TRACE' }, /cannot send TRACE/],
    ['a body with GET', 'http://host/', { body: 'x' }, /A GET request cannot have a body/],
    [
      'an object as body',
      'http://host/',
      { method: 'POST', body: { a: 1 } },
      /pass it through JSON\.stringify\(\)/,
    ],
    [
      'a redirect mode that is none',
      'http://host/',
      { redirect: 'maybe' },
      /redirect must be .* got a string/,
    ],
    ['a signal that is none', 'http://host/', { signal: {} }, /signal must be an AbortSignal/],
    [
      'a deadline that is no number',
      'http://host/',
      { deadlineMs: '5' },
      /deadlineMs must be a number of milliseconds, got a string/,
    ],
    ['integrity', 'http://host/', { integrity: 'sha256-x' }, /specFetch does/],
  ])('rejects %s with a TypeError that shows no secret', async (_name, url, init, message) => {
    const error = (await startPool()
      .fetch(url, init as RequestInit)
      .catch((reason: unknown) => reason)) as Error
    expect(error).toBeInstanceOf(TypeError)
    expect(error.message).toMatch(message)
    expect(error.message).not.toContain('secret')
  })
})

describe('a response of pool.fetch', () => {
  it('is a Response with status, headers and the final URL', async () => {
    const { url } = await startServer((_request, response) =>
      response.writeHead(201, 'Made', { 'x-a': '1', 'set-cookie': ['a=1', 'b=2'] }).end('{"ok":true}'),
    )
    const answer = await startPool().fetch(`${url}/path?q=1#part`)
    expect(answer).toBeInstanceOf(Response)
    expect(answer).toMatchObject({
      status: 201,
      statusText: 'Made',
      ok: true,
      redirected: false,
      type: 'basic',
    })
    expect(answer.url).toBe(`${url}/path?q=1`)
    expect(answer.header('X-A')).toBe('1')
    expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
    expect(await answer.json()).toEqual({ ok: true })
  })

  it.each<[string, (text: string) => Buffer]>([
    ['gzip', zlib.gzipSync],
    ['x-gzip', zlib.gzipSync],
    ['deflate', zlib.deflateSync],
    ['Deflate', zlib.deflateRawSync],
    ['br', zlib.brotliCompressSync],
    ['zstd', zlib.zstdCompressSync],
    ['identity', (text) => Buffer.from(text)],
    ['gzip, br', (text) => zlib.brotliCompressSync(zlib.gzipSync(text))],
    ['unheard-of', (text) => Buffer.from(text)],
  ])('is decoded from %s, whole and as a stream', async (encoding, encode) => {
    const text = 'long enough to matter '.repeat(5_000)
    const { url } = await startServer((_request, response) =>
      response.writeHead(200, { 'content-encoding': encoding }).end(encode(text)),
    )
    const { fetch } = startPool()
    expect(await (await fetch(url)).text()).toBe(text)
    let streamed = ''
    for await (const chunk of (await fetch(url)).body ?? []) streamed += Buffer.from(chunk).toString()
    expect(streamed).toBe(text)
  })

  it('has no body for HEAD, 204 and 304, compressed or not', async () => {
    const { url } = await startServer((request, response) =>
      response.writeHead(Number(request.url?.slice(1)), { 'content-encoding': 'gzip' }).end(),
    )
    const { fetch } = startPool()
    const answers = await Promise.all([
      fetch(`${url}/204`),
      fetch(`${url}/304`),
      fetch(`${url}/200`, { method: 'HEAD' }),
    ])
    for (const answer of answers) {
      expect(answer.body).toBeNull()
      expect(await answer.text()).toBe('')
    }
  })

  it('fails when its encoded body is corrupt', async () => {
    const { url } = await startServer((_request, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end('this is no gzip'),
    )
    const pool = startPool()
    await expect((await pool.fetch(url)).text()).rejects.toMatchObject({ message: 'terminated', origin: url })
    expect(statsOf(pool).busy).toBe(0)
  })

  it('fails when its connection is cut, after the chunks that had arrived', async () => {
    const { url } = await startServer((request, response) => {
      response.write(sse)
      setTimeout(() => request.socket.destroy(), 20)
    })
    const answer = await startPool().fetch(url)
    const seen: string[] = []
    const reading = (async () => {
      for await (const chunk of answer.chunks()) seen.push(Buffer.from(chunk).toString())
    })()
    await expect(reading).rejects.toMatchObject({
      name: 'TypeError',
      message: 'terminated',
      cause: { code: 'UND_ERR_SOCKET' },
    })
    expect(seen.join('')).toBe(sse)
  })

  it('is slowed down by a slow reader, and complete for a fast one', async () => {
    const size = 8 * 1024 * 1024
    let written = 0
    const { url } = await startServer((_request, response) => {
      const more = (): void => {
        while (written < size) {
          written += 65_536
          if (!response.write(Buffer.alloc(65_536, 1))) return void response.once('drain', more)
        }
        response.end()
      }
      more()
    })
    const answer = await startPool().fetch(url)
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(written).toBeLessThan(size)
    expect((await answer.bytes()).length).toBe(size)
  })
})

describe('a redirect', () => {
  const redirecting = (status: number, location: string) =>
    startServer(async (request, response) => {
      if (request.url === '/from') response.writeHead(status, { location }).end('moved')
      else await echo(request, response)
    })

  it.each([
    [301, 'POST', 'GET', ''],
    [302, 'POST', 'GET', ''],
    [303, 'PUT', 'GET', ''],
    [302, 'PUT', 'PUT', 'body'],
    [307, 'POST', 'POST', 'body'],
    [308, 'POST', 'POST', 'body'],
  ])('%i after %s is followed with %s, as the standard requires', async (status, method, then, body) => {
    const { url, requests } = await redirecting(status, '/to')
    const pool = startPool()
    const headers = { authorization: 'Bearer key', 'content-type': 'text/plain' }
    const answer = await pool.fetch(`${url}/from`, { method, body: 'body', headers })
    const echoed = (await answer.json()) as Echoed
    expect(echoed).toMatchObject({ method: then, url: '/to', body, headers: { authorization: 'Bearer key' } })
    expect(echoed.headers['content-type']).toBe(body === '' ? undefined : 'text/plain')
    expect(answer).toMatchObject({ redirected: true, url: `${url}/to` })
    expect(requests).toHaveLength(2)
    expect(statsOf(pool).opened).toBe(1)
  })

  it('forwards descriptive headers to another origin, and no header that may be a secret', async () => {
    const other = await startServer(echo)
    const { url } = await redirecting(307, `${other.url}/to`)
    const secrets = {
      authorization: 'a',
      cookie: 'b',
      'proxy-authorization': 'c',
      'x-api-key': 'd',
      'api-key': 'e',
      'x-made-up-by-a-gateway': 'f',
      'acceptance-key': 'g',
      'content-key': 'h',
    }
    const described = {
      accept: 'a/b',
      'accept-language': 'de',
      'content-type': 'text/plain',
      'content-encoding': 'identity',
      'user-agent': 'me',
    }
    const answer = await startPool().fetch(`${url}/from`, {
      method: 'POST',
      body: 'x',
      headers: { ...secrets, ...described },
    })
    const { headers } = (await answer.json()) as Echoed
    expect(headers).toMatchObject(described)
    for (const name of Object.keys(secrets)) expect(headers).not.toHaveProperty(name)
  })

  it('is returned with redirect: manual, and fails with redirect: error', async () => {
    const { url } = await redirecting(302, '/to')
    const { fetch } = startPool()
    const answer = await fetch(`${url}/from`, { redirect: 'manual' })
    expect([answer.status, answer.header('location'), await answer.text()]).toEqual([302, '/to', 'moved'])
    const failing = fetch(`${url}/from`, { redirect: 'error' })
    await expect(failing).rejects.toMatchObject({
      message: 'fetch failed',
      cause: { message: expect.stringMatching(/redirect: 'error'/) as string },
    })
  })

  it('fails after 20 redirects, and for a streamed body', async () => {
    const loop = await redirecting(302, '/from')
    const { fetch } = startPool()
    await expect(fetch(`${loop.url}/from`)).rejects.toMatchObject({
      cause: { message: 'Redirected more than 20 times' },
    })
    expect(loop.requests).toHaveLength(21)
    const { url } = await redirecting(307, '/to')
    const body = new Blob(['x']).stream()
    const streaming = fetch(`${url}/from`, { method: 'POST', body, duplex: 'half' })
    await expect(streaming).rejects.toMatchObject({
      cause: { message: expect.stringMatching(/cannot be sent again/) as string },
    })
  })
})

describe('a failed fetch', () => {
  it('has the message of the global fetch, with the origin and advice', async () => {
    const failing = startPool().fetch('http://127.0.0.1:9/v1?key=secret')
    const error = (await failing.catch((reason: unknown) => reason)) as Error
    expect(error).toBeInstanceOf(TypeError)
    expect(error).toMatchObject({
      message: 'fetch failed',
      origin: 'http://127.0.0.1:9',
      advice: 'Nothing listens there. Check the base URL, and that the server runs.',
      cause: { code: 'ECONNREFUSED' },
    })
    expect(JSON.stringify(error) + String(error.stack)).not.toContain('secret')
    expect(error.stack).toContain('fetch.test.ts')
  })

  it('mentions a timeout only if it is one', async () => {
    const { url } = await startServer((request) => request.socket.destroy())
    for (const target of [url, 'http://127.0.0.1:9']) {
      const error = (await startPool()
        .fetch(target)
        .catch((reason: unknown) => reason)) as Error
      expect(`${String(error)} ${String(error.cause)}`).not.toMatch(/timed? ?out/i)
    }
  })
})

describe('specFetch', () => {
  it("is undici's own fetch over the same connections, also for the runtime's own classes", async () => {
    const { url } = await startServer(echo)
    const pool = startPool()
    const form = new FormData()
    form.append('a', 'b')
    const answers = [
      await pool.specFetch(url, { method: 'POST', body: form }),
      await pool.specFetch(new Request(url, { method: 'POST', body: 'name="a"' })),
    ]
    for (const answer of answers)
      expect(await answer.json()).toMatchObject({ body: expect.stringContaining('name="a"') as string })
    expect(statsOf(pool)).toMatchObject({ requests: 2 })
  })
})
