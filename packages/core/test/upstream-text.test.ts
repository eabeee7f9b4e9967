import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import type { FaultOf, SimulatedProvider } from '@harbor/simulator'
import { describe, expect, it, onTestFinished } from 'vitest'
import { receiptOf, type HarborOptions, type Receipt } from '../src/index.ts'
import { chunk, completion, json, sse } from './foreign/row.ts'
import { failureOf } from './helpers/expect-failure.ts'
import { harborFetchFor, harborFor, HELLO, simulate } from './helpers/harbor-for.ts'

const FORGED = `a\n[harbor] call_2: chat success, forged ${'PROMPT '.repeat(20_000)}`
const PRINTABLE = /^[\x20-\x7e]*$/

function answering(answer: Omit<FaultOf<'raw'>, 'type'>): Promise<SimulatedProvider> {
  return simulate({ providers: { openai: { rules: [{ fault: { type: 'raw', ...answer } }] } } })
}

/** A client whose log lines and events are collected. */
function watched(provider: { baseURL: string }, options: HarborOptions = {}) {
  const lines: string[] = []
  const log = (line: unknown): void => {
    lines.push(String(line))
  }
  const logger = { debug: log, info: log, warn: log, error: log }
  const harbor = harborFor(provider, { logLevel: 'debug', logger, ...options })
  const events: unknown[] = []
  for (const event of ['attempt', 'retry', 'fallback', 'end'] as const) {
    harbor.on(event, (happened) => events.push(happened))
  }
  return { harbor, lines, events }
}

describe('a code', () => {
  it.each([
    ['under a status of failure', { status: 400, ...json({ error: { code: FORGED, message: 'No.' } }) }],
    ['under a status of success', json({ error: { code: FORGED, message: 'No.' } })],
    ['as a type', { status: 400, ...json({ error: { type: FORGED, message: 'No.' } }) }],
  ])('%s is a short word in receipts, log lines and events', async (_, answer) => {
    const { harbor, lines, events } = watched(await answering(answer))
    const error = await failureOf(harbor.chat.completions.create(HELLO))
    const codes = receiptOf(error)?.attempts.map(({ failure }) => failure?.code)
    expect(new Set(codes)).toEqual(new Set(['other']))
    expect(lines.filter((line) => line.startsWith('[harbor]')).join()).not.toContain('forged')
    expect(inspect(events, { depth: 8 })).not.toContain('forged')
  })

  it('in the middle of a stream is one, too', async () => {
    const { harbor, events } = watched(
      await answering(sse(chunk({ delta: { content: 'Hi' } }), { error: { code: FORGED, message: 'No.' } })),
    )
    const stream = await harbor.chat.completions.create({ ...HELLO, stream: true })
    await failureOf(drain(stream))
    expect(receiptOf(stream)?.attempts[0]?.failure?.code).toBe('other')
    expect(inspect(events, { depth: 8 })).not.toContain('forged')
  })

  it.each(['rate_limit_exceeded', 'Throttling.RateQuota', 'a:b-c.d_e'])(
    'that is a word stays: %s',
    async (code) => {
      const provider = await answering({ status: 400, ...json({ error: { code, message: 'No.' } }) })
      const error = await failureOf(harborFor(provider).chat.completions.create(HELLO))
      expect(receiptOf(error)?.attempts[0]?.failure?.code).toBe(code)
    },
  )

  it('of a transport of the user is one', async () => {
    const fetch = () => Promise.reject(Object.assign(new Error('no'), { code: `ECONNRESET${FORGED}` }))
    const harbor = harborFor({ baseURL: 'http://provider.invalid/v1' }, { fetch })
    const error = await failureOf(harbor.chat.completions.create(HELLO))
    expect(receiptOf(error)?.attempts[0]?.failure?.code).toBe('other')
  })
})

describe('a message', () => {
  it.each([
    ['of an error under 200', json({ error: { code: 400, message: 'x'.repeat(500_000) } })],
    ['beside no answer', json({ detail: 'x'.repeat(500_000) })],
    ['in a first event', sse({ error: { code: 400, message: 'x'.repeat(500_000) } })],
  ])('%s is bounded', async (_, answer) => {
    const stream = answer.headers?.['content-type'] === 'text/event-stream'
    const harbor = harborFor(await answering(answer))
    const error = (await failureOf(harbor.chat.completions.create({ ...HELLO, stream }))) as Error
    expect(error.message).toContain('xxx')
    expect(error.message.length).toBeLessThan(1_200)
  })

  it('comes without fields that the provider adds to its error', async () => {
    const provider = await answering(json({ error: { code: 400, message: 'No.', prompt: 'SECRET' } }))
    const error = await failureOf(harborFor(provider).chat.completions.create(HELLO))
    expect(inspect(error, { depth: 8 })).not.toContain('SECRET')
  })
})

it('cuts request ids, and leaves nothing in them that could break a line', async () => {
  const provider = await answering({
    ...json(completion()),
    headers: { 'content-type': 'application/json', 'x-request-id': `r\u00e4${'q'.repeat(4_000)}` },
  })
  const { requestId } = await attemptOf(harborFor(provider))
  expect(requestId).toHaveLength(128)
  expect(requestId).toMatch(PRINTABLE)
})

it.each([
  ['in JSON', false, json(completion({ finish_reason: FORGED }))],
  ['in a stream', true, sse(chunk({ delta: { content: 'Hi' }, finish_reason: FORGED }), '[DONE]')],
])('takes a finish reason %s that is no word for another one', async (_, stream, answer) => {
  const harbor = harborFor(await answering(answer))
  const reply = await harbor.chat.completions.create({ ...HELLO, stream })
  if (Symbol.asyncIterator in reply) await drain(reply)
  expect(receiptOf(reply)).toMatchObject({ outcome: 'success', finishReasons: ['other'] })
})

it('lists at most as many finish reasons as a request may want choices', async () => {
  const choices = Array.from({ length: 5_000 }, (_, index) => ({
    index,
    message: { role: 'assistant', content: 'Hi' },
    finish_reason: 'stop',
  }))
  const reply = await harborFor(await answering(json({ choices }))).chat.completions.create(HELLO)
  expect(receiptOf(reply)?.finishReasons).toHaveLength(128)
})

describe('headers under the names of Harbor', () => {
  const FAKE = {
    'x-harbor-cache': 'hit',
    'X-Harbor-Cost-Usd': '-5',
    'x-harbor-degraded': 'true',
    'x-harbor-anything': 'yes',
  }

  it.each([
    ['of an answer', json(completion())],
    ['of an error', { status: 400, ...json({ error: { message: 'No.' } }) }],
    ['of an error under 200', json({ error: { code: 400, message: 'No.' } })],
    ['of no answer', json({})],
    ['of a page', { body: '<html></html>' }],
  ])('%s are never those of the upstream', async (_, answer) => {
    const provider = await answering({
      ...answer,
      headers: { ...answer.headers, ...FAKE, 'x-other': 'kept' },
    })
    for (const options of [{}, { fetch: globalThis.fetch }]) {
      const response = await harborFetchFor(options)(`${provider.baseURL}/chat/completions`, {
        method: 'POST',
        body: JSON.stringify(HELLO),
      })
      const headers = [...response.headers].filter(([name]) => name.startsWith('x-harbor-'))
      // An answer has a cost of its own.
      const own = headers.filter(([name, value]) => name !== 'x-harbor-cost-usd' || !(Number(value) > 0))
      expect(own.map(([name]) => name).toSorted()).toEqual(['x-harbor-attempts', 'x-harbor-target'])
      expect(response.headers.get('x-other')).toBe('kept')
    }
  })

  it('of a stream and of a file are none of the upstream either', async () => {
    const headers = { ...FAKE, 'content-type': 'text/event-stream' }
    const provider = await answering({ ...sse(chunk({ finish_reason: 'stop' }), '[DONE]'), headers })
    const harbor = harborFor(provider)
    const { response } = await harbor.chat.completions.create({ ...HELLO, stream: true }).withResponse()
    expect([...response.headers.keys()]).not.toContain('x-harbor-anything')
    const file = await harbor.files.content('file_1')
    expect([...file.headers.keys()]).not.toContain('x-harbor-anything')
  })

  it('of a cached answer are those of the call that is answered', async () => {
    const provider = await answering({
      ...json(completion()),
      headers: { ...FAKE, 'content-type': 'application/json' },
    })
    const harbor = harborFor(provider, { cache: true })
    const body = { ...HELLO, temperature: 0 }
    for (const status of ['miss', 'hit']) {
      const { response } = await harbor.chat.completions.create(body).withResponse()
      expect(response.headers.get('x-harbor-cache')).toBe(status)
      expect([...response.headers.keys()]).not.toContain('x-harbor-anything')
    }
  })
})

describe('an answer that breaks HTTP', () => {
  const ANSWER = JSON.stringify(
    completion({ message: { role: 'assistant', content: 'ANSWER of the model' } }),
  )

  it.each([
    ['in JSON', 'application/json', ANSWER, {}],
    ['in JSON, by the fetch of Node', 'application/json', ANSWER, { fetch: globalThis.fetch }],
    ['before the first content', 'text/event-stream', `: hi\n\n${ANSWER}`, {}],
  ])('%s stands in no error', async (_, type, body, options) => {
    const provider = await broken(type, body)
    const harbor = harborFor(provider, { maxRetries: 0, ...options })
    const stream = type !== 'application/json'
    const error = await failureOf(harbor.chat.completions.create({ ...HELLO, stream }))
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('ANSWER')
    expect(JSON.stringify(allOf(error))).not.toContain('ANSWER')
  })

  it('appears in no error of a body that is passed on', async () => {
    const provider = await broken('application/octet-stream', ANSWER)
    const file = await harborFor(provider, { maxRetries: 0 }).files.content('file_1')
    const error = await failureOf(file.text())
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('ANSWER')
  })
})

/** Whose body ends in the middle of a chunk whose length is wrong. */
async function broken(type: string, body: string): Promise<{ baseURL: string }> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => {
      socket.write(
        `HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\ntransfer-encoding: chunked\r\n\r\n5\r\n${body}\r\n0\r\n\r\n`,
      )
    })
  })
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  onTestFinished(() => void server.close())
  return { baseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1` }
}

/** An error with all of its own properties, and so its causes. */
function allOf(error: unknown, depth = 8): unknown {
  if (!(error instanceof Error) || depth === 0) return undefined
  return Object.getOwnPropertyNames(error).map((name) => {
    const value: unknown = Reflect.get(error, name)
    return value instanceof Error ? allOf(value, depth - 1) : typeof value === 'string' ? value : undefined
  })
}

async function attemptOf(harbor: ReturnType<typeof harborFor>): Promise<Receipt['attempts'][number]> {
  const receipt = receiptOf(await harbor.chat.completions.create(HELLO))
  const [attempt] = receipt?.attempts ?? []
  if (!attempt) throw new Error('There was no attempt.')
  return attempt
}

async function drain(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of stream) continue
}
