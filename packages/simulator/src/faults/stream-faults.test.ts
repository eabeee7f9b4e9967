import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { chat, chatStream, eventsOf, post } from '../../test/wire.ts'
import { startSimulator } from '../index.ts'

const simulator = await startSimulator()
const provider = simulator.provider()
afterAll(() => simulator.close())
beforeEach(() => provider.script({ reply: 'Ships come in, 港.' }))

const whole = await (async () => {
  provider.script({ reply: 'Ships come in, 港.' })
  return chatStream(provider)
})()
const events = whole.body.split(/(?<=\n\n)/)
const json = (await chat(provider)).body

it('has a good stream to compare with', () => {
  expect(events).toHaveLength(9)
  expect(whole.ended).toBe('whole')
})

describe('stream-cut', () => {
  it.each(events.map((_, index) => index))('closes the connection after %i events', async (afterEvents) => {
    provider.fail({ type: 'stream-cut', afterEvents })
    const { status, body, ended } = await chatStream(provider)
    expect([status, ended]).toEqual([200, 'ECONNRESET'])
    expect(body).toBe(events.slice(0, afterEvents).join(''))
  })

  it('closes inside an event, or with a reset, if configured', async () => {
    provider.fail({ type: 'stream-cut', afterEvents: 1, inside: true, reset: true })
    const { body, ended } = await chatStream(provider)
    expect(ended).toBe('ECONNRESET')
    expect(whole.body.startsWith(body)).toBe(true)
    expect(body.length).toBeGreaterThan((events[0] ?? '').length + 20)
    expect(body.length).toBeLessThan((events[0] ?? '').length + (events[1] ?? '').length - 20)
  })

  it('cuts a JSON answer too, which counts as one event', async () => {
    provider.fail(
      { type: 'stream-cut', afterEvents: 0 },
      { type: 'stream-cut', afterEvents: 0, inside: true },
    )
    expect(await chat(provider)).toMatchObject({ status: 200, body: '', ended: 'ECONNRESET' })
    const half = await chat(provider)
    expect(half.ended).toBe('ECONNRESET')
    expect(half.body).toBe(json.slice(0, Math.floor(json.length / 2)))
  })

  it('keeps the pace of the script before the cut', async () => {
    provider.script({ tokenMs: 2, firstTokenMs: 2 })
    provider.fail({ type: 'stream-cut', afterEvents: 3 })
    const { body, ended } = await chatStream(provider)
    expect([eventsOf(body).length, ended]).toEqual([3, 'ECONNRESET'])
  })
})

it('sends nothing more on an open connection for stream-stall', async () => {
  provider.reset()
  provider.fail({ type: 'stream-stall', afterEvents: 2, inside: true })
  const { status, body, ended } = await chatStream(provider, { patienceMs: 30 })
  expect([status, ended]).toEqual([200, 'gone'])
  expect(body.startsWith(events.slice(0, 2).join(''))).toBe(true)
  expect(body.length).toBeLessThan(events.slice(0, 3).join('').length)
  await provider.whenIdle()
  expect(provider.counts().aborts).toBe(1)
})

it('ends the body cleanly but too early for stream-end', async () => {
  provider.fail({ type: 'stream-end', afterEvents: 4 })
  expect(await chatStream(provider)).toMatchObject({ body: events.slice(0, 4).join(''), ended: 'whole' })
})

it('sends malformed JSON in one event, then the others, for stream-garbage', async () => {
  provider.fail({ type: 'stream-garbage', afterEvents: 2 })
  const { body, ended } = await chatStream(provider)
  const received = body.split(/(?<=\n\n)/)
  expect(ended).toBe('whole')
  expect(received).toHaveLength(events.length)
  expect(received.toSpliced(2, 1)).toEqual(events.toSpliced(2, 1))
  expect(received[2]).toMatch(/^data: \{"id"/)
  expect(() => JSON.parse(received[2]?.slice(6) ?? '') as unknown).toThrow(SyntaxError)
})

describe('stream-error', () => {
  it('sends an error as data or as a named event, then ends', async () => {
    provider.fail(
      { type: 'stream-error', afterEvents: 2, code: 'overloaded', message: 'no' },
      { type: 'stream-error', afterEvents: 0, event: true, httpStatus: 206 },
    )
    const error = '{"error":{"message":"no","type":"server_error","param":null,"code":"overloaded"}}'
    expect(await chatStream(provider)).toMatchObject({
      status: 200,
      body: `${events[0]}${events[1]}data: ${error}\n\n`,
      ended: 'whole',
    })
    const named = await chatStream(provider)
    expect(named.status).toBe(206)
    expect(named.body).toMatch(/^event: error\ndata: \{"error":\{.*\}\}\n\n$/)
  })

  it('ends a Responses stream with an error event and response.failed', async () => {
    provider.fail({ type: 'stream-error', afterEvents: 2, code: 'insufficient_quota' })
    const { body } = await post(provider, '/responses', { model: 'gpt-4', input: 'Hello', stream: true })
    expect(eventsOf(body).map((data) => JSON.parse(data) as unknown)).toMatchObject([
      { type: 'response.created', sequence_number: 0 },
      { type: 'response.in_progress', sequence_number: 1 },
      { type: 'error', sequence_number: 2, error: { code: 'insufficient_quota' } },
      {
        type: 'response.failed',
        sequence_number: 3,
        response: { status: 'failed', error: { code: 'insufficient_quota' } },
      },
    ])
  })
})

it('sends one event twice for stream-duplicate', async () => {
  provider.fail({ type: 'stream-duplicate', event: 1 })
  const { body } = await chatStream(provider)
  expect(body).toBe(events.toSpliced(1, 0, events[1] ?? '').join(''))
})

it('sends a few bytes at a time for stream-drip', async () => {
  provider.fail({ type: 'stream-drip', ms: 1, bytes: 40 })
  const { body, pieces } = await chatStream(provider)
  expect(body).toBe(whole.body)
  expect(Math.max(...pieces)).toBeLessThanOrEqual(200)
  expect(pieces.length).toBeGreaterThan(whole.bytes.length / 200)
})

it('sends comments before a stream, and blank lines before JSON, for stream-comments', async () => {
  provider.fail({ type: 'stream-comments', count: 3, everyMs: 1 }, { type: 'stream-comments', count: 2 })
  expect((await chatStream(provider)).body).toBe(': keep-alive\n\n'.repeat(3) + whole.body)
  expect((await chat(provider)).body).toBe(`\n\n${json}`)
})

it('sends the headers at once and the first event later for stream-slow-first', async () => {
  provider.fail({ type: 'stream-slow-first', ms: 60_000 }, { type: 'stream-slow-first', ms: 5 })
  const early = await chatStream(provider, { patienceMs: 30 })
  expect(early).toMatchObject({ status: 200, body: '', ended: 'gone' })
  expect((await chatStream(provider)).body).toBe(whole.body)
})
