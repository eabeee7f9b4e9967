import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import zlib from 'node:zlib'
import OpenAI from 'openai'
import { describe, expect, it, onTestFinished } from 'vitest'
import { receiptOf, type HarborOptions } from '../src/index.ts'
import { harborFetchFor, harborFor, HELLO } from './helpers/harbor-for.ts'
import { serve } from './helpers/http-server.ts'

const MiB = 1_048_576
const LIMIT = 2 * MiB

/** What a server may do with `identity`, and in which order: the last one was applied last. */
const ENCODINGS = [
  'identity',
  'gzip',
  'br',
  'zstd',
  'deflate',
  'gzip, br',
  'br, zstd, gzip',
  'GZIP',
  ' Br ',
] as const

const ENCODERS: Readonly<Record<string, (bytes: Uint8Array) => Buffer>> = {
  identity: (bytes) => Buffer.from(bytes),
  gzip: zlib.gzipSync,
  br: (bytes) => zlib.brotliCompressSync(bytes, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 } }),
  zstd: zlib.zstdCompressSync,
  deflate: zlib.deflateSync,
}

function encode(text: string, encoding: string): Uint8Array {
  const names = encoding.split(',').map((name) => name.trim().toLowerCase())
  return names.reduce<Uint8Array>((bytes, name) => ENCODERS[name]?.(bytes) ?? bytes, Buffer.from(text))
}

function answerWith(response: ServerResponse, text: string, encoding: string, status = 200): void {
  const encodingHeader = encoding === 'identity' ? {} : { 'content-encoding': encoding }
  response
    .writeHead(status, { 'content-type': 'application/json', ...encodingHeader })
    .end(encode(text, encoding))
}

const completionOf = (content: string): string =>
  JSON.stringify({
    id: 'x',
    object: 'chat.completion',
    model: 'gpt-4',
    choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content } }],
  })

/** A client over the pool, and one over a `fetch` of the caller's own. */
const WAYS: readonly (readonly [way: string, options: HarborOptions])[] = [
  ['the pool', {}],
  ["a caller's own fetch", { fetch: globalThis.fetch }],
]

describe.each(WAYS)('over %s', (_way, options) => {
  it.each(ENCODINGS)(
    'an answer of more than maxAnswerBytes is malformed, and repeated once: %s',
    async (encoding) => {
      const upstream = await serve((_, response) =>
        answerWith(response, completionOf('a'.repeat(3 * MiB)), encoding),
      )
      const harbor = harborFor(upstream, { maxAnswerBytes: LIMIT, ...options })
      const error: unknown = await harbor.chat.completions.create(HELLO).catch((error: unknown) => error)
      expect(error).toMatchObject({ status: 502, code: 'malformed_answer' })
      expect((error as Error).message).toContain(`more than ${LIMIT} bytes`)
      expect(upstream.requests).toHaveLength(2)
      expect(receiptOf(error)).toMatchObject({ possiblyBilled: 2 })
    },
  )

  it.each(ENCODINGS)('an answer of just maxAnswerBytes is one: %s', async (encoding) => {
    const content = 'ü'.repeat((LIMIT - completionOf('').length) / 2 - 1)
    const text = completionOf(content).padEnd(LIMIT - content.length, ' ')
    expect(Buffer.byteLength(text)).toBe(LIMIT)
    const upstream = await serve((_, response) => answerWith(response, text, encoding))
    const harbor = harborFor(upstream, { maxAnswerBytes: LIMIT, ...options })
    const answer = await harbor.chat.completions.create(HELLO)
    expect(answer.choices[0]?.message.content).toBe(content)
  })

  it.each(ENCODINGS)(
    'the body of an error is cut after 1 MiB, and not inside a character: %s',
    async (encoding) => {
      const upstream = await serve((_, response) =>
        answerWith(response, `x${'ü'.repeat(MiB)}`, encoding, 400),
      )
      const harbor = harborFor(upstream, options)
      const error: unknown = await harbor.chat.completions.create(HELLO).catch((error: unknown) => error)
      expect(error).toBeInstanceOf(OpenAI.BadRequestError)
      const text = (error as Error).message.replace(/^400 /, '')
      expect(Buffer.byteLength(text)).toBe(MiB - 1)
      expect(text).toMatch(/^xü+$/)
      expect(upstream.requests).toHaveLength(1)
    },
  )

  it('a list is no exception, and neither is a JSON answer where a stream was asked for', async () => {
    const upstream = await serve((_, response) =>
      answerWith(response, completionOf('a'.repeat(3 * MiB)), 'gzip'),
    )
    const harbor = harborFor(upstream, { maxAnswerBytes: LIMIT, ...options })
    const malformed = { status: 502, code: 'malformed_answer' }
    await expect(harbor.models.list()).rejects.toMatchObject(malformed)
    await expect(harbor.chat.completions.create({ ...HELLO, stream: true })).rejects.toMatchObject(malformed)
    await expect(harbor.responses.create({ model: 'gpt-4', input: 'Hi' })).rejects.toMatchObject(malformed)
  })

  it('a stored file of any size is downloaded, also one that is labelled JSON', async () => {
    const upstream = await serve((_, response) => answerWith(response, 'a'.repeat(3 * MiB), 'br'))
    const harbor = harborFor(upstream, { maxAnswerBytes: LIMIT, ...options })
    const file = await harbor.files.content('file-1')
    expect(await file.text()).toHaveLength(3 * MiB)
  })
})

describe('maxAnswerBytes', () => {
  it('holds for createHarborFetch, and a copy may have its own', async () => {
    const upstream = await serve((_, response) =>
      answerWith(response, completionOf('a'.repeat(3 * MiB)), 'br'),
    )
    const fetch = harborFetchFor({ maxAnswerBytes: LIMIT })
    const client = new OpenAI({ apiKey: 'test-key', baseURL: upstream.baseURL, maxRetries: 0, fetch })
    await expect(client.chat.completions.create(HELLO)).rejects.toMatchObject({ code: 'malformed_answer' })
    const copy = harborFor(upstream, { maxAnswerBytes: LIMIT }).withOptions({ maxAnswerBytes: 4 * MiB })
    const answer = await copy.chat.completions.create(HELLO)
    expect(answer.choices[0]?.message.content).toHaveLength(3 * MiB)
  })

  it('lets another target answer', async () => {
    const [bomb, spare] = [
      await serve((_, response) => answerWith(response, completionOf('a'.repeat(3 * MiB)), 'br')),
      await serve((_, response) => answerWith(response, completionOf('spare'), 'identity')),
    ]
    const harbor = harborFor(bomb, {
      maxAnswerBytes: LIMIT,
      providers: { spare: { apiKey: 'key', baseURL: spare.baseURL } },
      fallback: ['spare/gpt-4'],
    })
    const answer = await harbor.chat.completions.create(HELLO)
    expect(answer.choices[0]?.message.content).toBe('spare')
  })

  it('reads an answer without a stream, as tests make them', async () => {
    const text = completionOf('whole')
    const fetch = (async () => ({
      status: 200,
      statusText: '',
      url: '',
      headers: new Headers({ 'content-type': 'application/json' }),
      text: async () => text,
    })) as unknown as typeof globalThis.fetch
    const harbor = harborFor({ baseURL: 'http://unused/v1' }, { fetch, maxAnswerBytes: text.length })
    const answer = await harbor.chat.completions.create(HELLO)
    expect(answer.choices[0]?.message.content).toBe('whole')
  })

  it('ends the connection of an answer that is too large, also of one without an end', async () => {
    let closed = 0
    const server = createServer((request, response) => {
      request.resume()
      response.on('close', () => closed++)
      const write = (): void => {
        while (!response.destroyed && response.write(' '.repeat(65_536)));
      }
      response.on('drain', write)
      write()
    }).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    onTestFinished(() => void server.close())
    const baseURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`
    const harbor = harborFor({ baseURL }, { maxAnswerBytes: LIMIT })
    await expect(harbor.chat.completions.create(HELLO)).rejects.toMatchObject({ code: 'malformed_answer' })
    while (closed < 2) await new Promise((resolve) => setImmediate(resolve))
  })

  it('ends at once for a caller that leaves while its answer waits for memory', async () => {
    const upstream = await serve((request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      // The first one takes almost all of the memory, and does not end.
      response.write(' '.repeat(request.body.includes('first') ? LIMIT - 10 : 2 * MiB - 10))
    })
    const harbor = harborFor(upstream, { maxAnswerBytes: LIMIT })
    const leave = new AbortController()
    const ask = (content: string): Promise<unknown> =>
      harbor.chat.completions.create(
        { model: 'm', messages: [{ role: 'user', content }] },
        { signal: leave.signal },
      )
    const calls = [ask('first'), ask('second'), ask('third'), ask('fourth')]
    const settled = Promise.allSettled(calls)
    while (upstream.requests.length < 4) await new Promise((resolve) => setImmediate(resolve))
    setTimeout(() => leave.abort(new Error('The caller left.')), 100)
    expect((await settled).map(({ status }) => status)).toEqual(Array(4).fill('rejected'))
  })

  it.each([0, -1, 1.5, Number.NaN, Infinity, '64', 2 ** 31])('refuses %s', (maxAnswerBytes) => {
    expect(() =>
      harborFor({ baseURL: 'http://unused/v1' }, { maxAnswerBytes: maxAnswerBytes as number }),
    ).toThrow('maxAnswerBytes must be a whole number of bytes')
  })
})
