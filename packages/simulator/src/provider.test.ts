import { Agent } from 'node:http'
import { connect } from 'node:net'
import OpenAI from 'openai'
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { chat, chatBody, chatStream, eventsOf, post } from '../test/wire.ts'
import { startSimulator } from './index.ts'

const simulator = await startSimulator()
const provider = simulator.provider()
const client = new OpenAI({ apiKey: 'key', baseURL: provider.baseURL, maxRetries: 0 })
afterAll(() => simulator.close())
beforeEach(() => {
  provider.script({})
  provider.reset()
})

describe('the counts of a provider', () => {
  it('include every call that reached it', async () => {
    provider.fail('ok', { type: 'status', status: 429 })
    await chat(provider)
    await chat(provider)
    await post(provider, '/moon', {})
    await client.embeddings.create({ model: 'text-embedding-3-small', input: 'sea' })
    expect(provider.counts()).toMatchObject({
      calls: 4,
      byOperation: { chat: 2, other: 1, embeddings: 1 },
      byStatus: { 200: 2, 404: 1, 429: 1 },
      aborts: 0,
      faults: { status: 1 },
      inFlight: 0,
    })
  })

  it('include the tokens of every usage sent', async () => {
    const answers = [
      await client.chat.completions.create({
        model: 'gpt-4',
        messages: [{ role: 'user', content: 'one' }],
        n: 2,
      }),
      await client.chat.completions.create({ model: 'gpt-4', messages: [{ role: 'user', content: 'two' }] }),
    ]
    const sum = (field: 'prompt_tokens' | 'completion_tokens') =>
      answers.reduce((total, { usage }) => total + (usage?.[field] ?? 0), 0)
    expect(provider.counts().tokens).toEqual({
      input: sum('prompt_tokens'),
      output: sum('completion_tokens'),
    })
  })

  it('include only the written share of an unfinished stream', async () => {
    const all = provider.counts().tokens
    await chatStream(provider)
    const { output } = provider.counts().tokens
    provider.reset()
    provider.fail({ type: 'stream-cut', afterEvents: 5 }, { type: 'status', status: 500 }, { type: 'reset' })
    for (let call = 0; call < 3; call++) await chatStream(provider)
    await provider.whenIdle()
    const { input, output: part } = provider.counts().tokens
    expect(all.output).toBe(0)
    expect(input).toBeGreaterThan(0)
    expect(part).toBeGreaterThan(0)
    expect(part).toBeLessThan(output)
  })

  it('distinguish reused connections from new ones', async () => {
    await using own = await startSimulator()
    const provider = own.provider()
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    for (let call = 0; call < 5; call++) await chat(provider, { agent })
    expect(provider.counts().connections).toEqual({ opened: 1, open: 1 })
    expect(new Set(provider.requests().map((request) => request.connection)).size).toBe(1)
    agent.destroy()
    await provider.whenIdle()
    expect(provider.counts().connections).toEqual({ opened: 1, open: 0 })
  })
})

describe('an abort of the client', () => {
  it.each([
    ['while it waits for the headers', { type: 'hang' }, { patienceMs: 10 }],
    ['while it waits for delayed headers', { type: 'delay', ms: 60_000 }, { patienceMs: 10 }],
    ['at the headers', { type: 'stream-slow-first', ms: 60_000 }, { abortAfterBytes: 0 }],
    ['inside a stream', { type: 'stream-drip', ms: 5, bytes: 10 }, { abortAfterBytes: 100 }],
    ['inside a body', { type: 'huge-body', bytes: 50_000_000 }, { abortAfterBytes: 1_000 }],
  ] as const)('is counted once, and leaves nothing in flight: %s', async (_, fault, options) => {
    provider.fail(fault)
    expect((await chatStream(provider, options)).ended).toBe('gone')
    await provider.whenIdle()
    expect(provider.counts()).toMatchObject({ calls: 1, aborts: 1, inFlight: 0 })
    expect(provider.requests()).toMatchObject([{ call: 1, aborted: true, operation: 'chat' }])
  })

  it('is noticed before the whole request has arrived', async () => {
    const socket = connect(provider.port, '127.0.0.1')
    socket.write('POST /v1/chat/completions HTTP/1.1\r\nHost: here\r\nContent-Length: 100\r\n\r\n{"model"')
    await expect.poll(() => provider.counts().inFlight).toBe(1)
    socket.destroy()
    await provider.whenIdle()
    expect(provider.counts()).toMatchObject({ aborts: 1, inFlight: 0 })
    expect(provider.requests()).toMatchObject([{ aborted: true, body: undefined }])
  })

  it('is not counted after the whole answer, or when a fault ended the connection', async () => {
    provider.fail('ok', { type: 'stream-cut', afterEvents: 1 }, { type: 'reset' })
    for (let call = 0; call < 3; call++) await chatStream(provider)
    await provider.whenIdle()
    expect(provider.counts()).toMatchObject({ calls: 3, aborts: 0, inFlight: 0 })
  })
})

it('records the requests in order', async () => {
  await chat(provider, { headers: { authorization: 'Bearer key', 'idempotency-key': 'one' } })
  await post(provider, '/chat/completions?trace=1', 'not json')
  const [first, second] = provider.requests()
  expect(first).toMatchObject({
    call: 1,
    operation: 'chat',
    method: 'POST',
    path: '/v1/chat/completions',
    headers: { authorization: 'Bearer key', 'idempotency-key': 'one' },
    body: chatBody,
    aborted: false,
  })
  expect(second).toMatchObject({ call: 2, path: '/v1/chat/completions', body: undefined })
  expect(first?.at).toBeGreaterThanOrEqual(0)
  expect(second?.at).toBeGreaterThan(first?.at ?? Infinity)
})

describe('a script', () => {
  it('can be replaced at run time', async () => {
    provider.script({ rules: [{ fault: { type: 'status', status: 503 } }] })
    expect((await chat(provider)).status).toBe(503)
    provider.script({ rules: [{ when: { call: 3 }, fault: { type: 'status', status: 429 } }] })
    expect((await chat(provider)).status).toBe(200)
    expect((await chat(provider)).status).toBe(429)
  })

  it('applies its time windows from the start or the last reset', async () => {
    const clock = vi.spyOn(performance, 'now')
    clock.mockReturnValue(1_000_000)
    provider.reset()
    provider.script({
      rules: [{ when: { windowMs: { from: 2_000, to: 62_000 } }, fault: { type: 'status', status: 503 } }],
    })
    const statusAt = async (ms: number) => {
      clock.mockReturnValue(1_000_000 + ms)
      return (await chat(provider)).status
    }
    expect(await statusAt(1_999)).toBe(200)
    expect(await statusAt(2_000)).toBe(503)
    expect(await statusAt(61_999)).toBe(503)
    expect(await statusAt(62_000)).toBe(200)
    provider.reset()
    expect(await statusAt(62_000)).toBe(200)
    expect(await statusAt(64_000)).toBe(503)
    clock.mockRestore()
  })

  it('draws the same random numbers after a reset', async () => {
    provider.script({ rules: [{ when: { probability: 0.5 }, fault: { type: 'status', status: 500 } }] })
    const run = async () => {
      provider.reset()
      const statuses = []
      for (let call = 0; call < 20; call++) statuses.push((await chat(provider)).status)
      return statuses
    }
    const first = await run()
    expect(new Set(first)).toEqual(new Set([200, 500]))
    expect(await run()).toEqual(first)
  })

  it('is rejected if it contains anything unknown', () => {
    expect(() => provider.script({ rule: [] } as object)).toThrow("the nearest known one is 'rules'")
    expect(() => provider.fail('ok', { type: 'hang', ms: 5 } as { type: 'hang' })).toThrow(
      "fail()[1] has an unknown key 'ms'",
    )
  })
})

it('starts again with reset()', async () => {
  await chat(provider)
  provider.fail({ type: 'hang' })
  provider.reset()
  expect(provider.counts()).toMatchObject({
    calls: 0,
    byOperation: {},
    byStatus: {},
    tokens: { input: 0, output: 0 },
  })
  expect(provider.requests()).toEqual([])
  expect((await chat(provider)).status).toBe(200)
  expect(provider.requests()[0]?.call).toBe(1)
})

it('refuses connections while down, and listens on the same port when up again', async () => {
  const agent = new Agent({ keepAlive: true })
  await chat(provider, { agent })
  provider.fail({ type: 'stream-stall', afterEvents: 1 })
  const open = chatStream(provider, { agent })
  await expect.poll(() => provider.counts().inFlight).toBe(1)
  const { port } = provider
  await provider.down()
  expect((await open).ended).toBe('ECONNRESET')
  expect((await chat(provider)).ended).toBe('ECONNREFUSED')
  expect(provider.counts()).toMatchObject({ aborts: 0, connections: { open: 0 } })
  await provider.down()
  await provider.up()
  await provider.up()
  expect([(await chat(provider)).status, provider.port]).toEqual([200, port])
  agent.destroy()
})

it('has a port that no outgoing connection can take while it is down', async () => {
  const simulator = await startSimulator({ providers: { one: {}, two: {}, three: {} } })
  const ports = Array.from(simulator.providers.values(), ({ port }) => port)
  await simulator.close()
  // Linux gives 32,768 and above to connections, other systems 49,152 and above.
  for (const port of ports) expect(port).toBeLessThan(32_768)
  expect(new Set(ports).size).toBe(3)
})

it('writes all events, several at once if they are due within a millisecond', async () => {
  provider.script({ reply: 'word'.concat(' word'.repeat(499)), tokenMs: 0.01 })
  const { body, pieces } = await chatStream(provider)
  expect(eventsOf(body)).toHaveLength(503)
  expect(pieces.length).toBeLessThan(400)
})
