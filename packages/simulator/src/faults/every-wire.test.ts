import { Agent } from 'node:http'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { post, type WireAnswer, type WireOptions } from '../../test/wire.ts'
import { type Fault, startSimulator } from '../index.ts'
import { faultTypes } from '../script/check-script.ts'

const simulator = await startSimulator()
const provider = simulator.provider()
// One connection for all requests, so that it is used again.
const agent = new Agent({ keepAlive: true, maxSockets: 1 })
afterAll(() => {
  agent.destroy()
  return simulator.close()
})
beforeEach(() => {
  provider.script({ reply: 'Ships come in with the tide, and leave with it.' })
  provider.reset()
})

type Json = Record<string, unknown>

interface Shape {
  path: string
  streamPath?: string
  body: Json
  headers?: Record<string, string>
  /** The parsed events of a stream; throws for malformed JSON. */
  events(body: string): Json[]
  /** The error's type, or undefined if the object is no error of this wire. */
  errorType(json: Json): unknown
  /** The reason for which the answer, or its last events, say that it has ended. */
  reason(json: Json): unknown
  refused: string
}

const say = 'What is a harbour?'
const messages = [{ role: 'user', content: say }]
const contents = [{ role: 'user', parts: [{ text: say }] }]

/** What stands at a path of keys and indices in a JSON value. */
function at(json: unknown, ...path: (string | number)[]): unknown {
  return path.reduce<unknown>((value, key) => (value as Json | undefined)?.[key], json)
}

function sse(body: string): Json[] {
  return body
    .split(/\r?\n\r?\n/)
    .map((event) => event.split(/\r?\n/).find((line) => line.startsWith('data: ')) ?? '')
    .filter((line) => line !== '' && line !== 'data: [DONE]')
    .map((line) => JSON.parse(line.slice('data: '.length)) as Json)
}

const openaiError = (json: Json) => at(json, 'error', 'type')
const geminiShape = {
  path: '/models/gemini-2.5-flash:generateContent',
  body: { contents },
  errorType: (json: Json) => at(json, 'error', 'status'),
  reason: (json: Json) =>
    at(json, 'candidates', 0, 'finishReason') ?? at(json, 'promptFeedback', 'blockReason'),
  refused: 'PROHIBITED_CONTENT',
}

const shapes: Record<string, Shape> = {
  chat: {
    path: '/chat/completions',
    body: { model: 'gpt-4', messages },
    events: sse,
    errorType: openaiError,
    reason: (json) => at(json, 'choices', 0, 'finish_reason') ?? undefined,
    refused: 'stop',
  },
  responses: {
    path: '/responses',
    body: { model: 'gpt-4', input: say },
    events: sse,
    errorType: openaiError,
    reason: (json) => {
      const response = (json['response'] ?? json) as Json
      const status = response['status'] === 'in_progress' ? undefined : response['status']
      return at(response, 'incomplete_details', 'reason') ?? status
    },
    refused: 'completed',
  },
  messages: {
    path: '/messages',
    body: { model: 'claude-sonnet-4-6', max_tokens: 500, messages },
    headers: { 'anthropic-version': '2023-06-01' },
    events: sse,
    errorType: (json) => (json['type'] === 'error' ? at(json, 'error', 'type') : undefined),
    reason: (json) => at(json, 'delta', 'stop_reason') ?? json['stop_reason'] ?? undefined,
    refused: 'refusal',
  },
  gemini: {
    ...geminiShape,
    streamPath: '/models/gemini-2.5-flash:streamGenerateContent?alt=sse',
    events: sse,
  },
  'gemini as a JSON array': {
    ...geminiShape,
    streamPath: '/models/gemini-2.5-flash:streamGenerateContent',
    events: (body) => JSON.parse(body) as Json[],
  },
}

const recorded = '{"recorded":true}'

/** A fault of each type, with what it needs. */
const faults: Fault[] = [
  { type: 'status', status: 503, message: 'Down.' },
  { type: 'overloaded' },
  { type: 'quota', per: 'day' },
  { type: 'spend-limit' },
  { type: 'tier-unavailable' },
  { type: 'context-length' },
  { type: 'reset', when: 'before-headers' },
  { type: 'reset-reused' },
  { type: 'refuse' },
  { type: 'delay', ms: 1, then: { type: 'length' } },
  { type: 'hang' },
  { type: 'stream-cut', afterEvents: 3, inside: true },
  { type: 'stream-stall', afterEvents: 3 },
  { type: 'stream-end', afterEvents: 3 },
  { type: 'stream-garbage', afterEvents: 3 },
  { type: 'stream-error', afterEvents: 3 },
  { type: 'stream-duplicate', event: 3 },
  { type: 'stream-drip', ms: 0, bytes: 100 },
  { type: 'stream-comments', count: 3 },
  { type: 'stream-slow-first', ms: 1 },
  { type: 'json-for-stream' },
  { type: 'error-200' },
  { type: 'html-200' },
  { type: 'empty-body' },
  { type: 'broken-json' },
  { type: 'huge-body', bytes: 5_000 },
  { type: 'wrong-content-type' },
  { type: 'content-filter' },
  { type: 'length' },
  { type: 'finish', reason: 'something_new' },
  { type: 'refusal' },
  { type: 'blocked-prompt' },
  { type: 'no-end' },
  { type: 'gzip' },
  { type: 'split', bytes: 7 },
  { type: 'crlf' },
  { type: 'no-done' },
  { type: 'play', events: [recorded] },
  { type: 'play-json', body: recorded },
  { type: 'raw', status: 418, body: 'tea' },
  { type: 'sequence', faults: [{ type: 'overloaded' }] },
]

it('are all in this table', () => {
  expect(new Set(faults.map(({ type }) => type))).toEqual(new Set(faultTypes))
})

const unanswered = ['hang', 'stream-stall']
const destroyed = ['reset', 'reset-reused', 'refuse', 'stream-cut']
const errors = [
  'status',
  'overloaded',
  'quota',
  'spend-limit',
  'tier-unavailable',
  'context-length',
  'sequence',
]
const unchanged = ['stream-drip', 'stream-slow-first', 'wrong-content-type', 'gzip', 'split']
const halved = ['content-filter', 'length', 'delay']

describe.each(Object.entries(shapes))('a stream of %s', (_, shape) => {
  const send = (options: WireOptions = {}): Promise<WireAnswer> =>
    post(
      provider,
      shape.streamPath ?? shape.path,
      shape.streamPath ? shape.body : { ...shape.body, stream: true },
      { ...options, agent, headers: { ...shape.headers } },
    )

  /** The last reason in the events of a stream. */
  const reasonOf = (events: Json[]) => events.map((event) => shape.reason(event)).findLast((reason) => reason)

  /** What every stream with this fault has in common, whatever its wire. */
  async function check(fault: Fault, good: WireAnswer): Promise<void> {
    provider.fail(fault)
    const answer = await send(unanswered.includes(fault.type) ? { patienceMs: 20 } : {})
    const { status, body, ended } = answer
    const whole = shape.events(good.body)

    if (unanswered.includes(fault.type)) expect(ended).toBe('gone')
    else expect(ended).toBe(destroyed.includes(fault.type) ? 'ECONNRESET' : 'whole')
    if (errors.includes(fault.type)) {
      expect(status).toBeGreaterThanOrEqual(400)
      expect(shape.errorType(JSON.parse(body) as Json)).toEqual(expect.any(String))
      return
    }
    if (unchanged.includes(fault.type)) {
      const decoded = fault.type === 'gzip' ? good.body : body
      expect(decoded).toBe(good.body)
      return
    }
    if (halved.includes(fault.type)) {
      const events = shape.events(body)
      expect(events.length).toBeLessThan(whole.length)
      expect(reasonOf(events)).toEqual(expect.any(String))
      expect(reasonOf(events)).not.toBe(reasonOf(whole))
      return
    }
    checkOwn(fault, answer, good)
  }

  function checkOwn(fault: Fault, { status, headers, body }: WireAnswer, good: WireAnswer): void {
    const whole = shape.events(good.body)
    switch (fault.type) {
      case 'stream-cut':
      case 'stream-stall':
      case 'stream-end':
        expect(good.body.startsWith(body)).toBe(true)
        expect(body.length).toBeGreaterThan(0)
        expect(body.length).toBeLessThan(good.body.length)
        break
      case 'stream-garbage':
        expect(() => shape.events(body)).toThrow(SyntaxError)
        break
      case 'stream-error': {
        const events = shape.events(body)
        const named = events.map((event) => shape.errorType(event)).filter(Boolean)
        expect(named.length).toBeGreaterThan(0)
        expect(events.slice(0, 3)).toEqual(whole.slice(0, 3))
        break
      }
      case 'stream-duplicate':
        expect(shape.events(body)).toEqual(whole.toSpliced(3, 0, whole[3] ?? {}))
        break
      case 'stream-comments':
      case 'crlf':
        expect(shape.events(body)).toEqual(whole)
        expect(body).not.toContain('\r\r')
        break
      case 'json-for-stream':
        expect(headers['content-type']).toContain('application/json')
        expect(shape.reason(JSON.parse(body) as Json)).toBe(reasonOf(whole))
        break
      case 'error-200':
        expect(status).toBe(200)
        expect(shape.errorType(JSON.parse(body) as Json)).toEqual(expect.any(String))
        break
      case 'html-200':
        expect([status, headers['content-type']]).toEqual([200, 'text/html'])
        break
      case 'empty-body':
        expect([status, body]).toEqual([200, ''])
        break
      case 'broken-json':
        expect(() => JSON.parse(body) as unknown).toThrow(SyntaxError)
        break
      case 'huge-body':
        expect(body.length).toBeGreaterThan(5_000)
        expect(shape.events(body)).toHaveLength(whole.length)
        break
      case 'finish':
        expect(reasonOf(shape.events(body))).toBe('something_new')
        break
      case 'refusal':
        expect(reasonOf(shape.events(body))).toBe(shape.refused)
        break
      case 'blocked-prompt':
        if (status === 200) expect(reasonOf(shape.events(body))).toBe(shape.refused)
        else
          expect([status, shape.errorType(JSON.parse(body) as Json)]).toEqual([400, 'invalid_request_error'])
        break
      case 'no-end':
        expect(reasonOf(shape.events(body))).toBeUndefined()
        expect(shape.events(body)).toEqual(whole.slice(0, shape.events(body).length))
        break
      case 'no-done':
        expect(body).not.toContain('[DONE]')
        expect(shape.events(body)).toEqual(whole)
        break
      case 'play':
        expect(sse(body)).toEqual([{ recorded: true }])
        break
      case 'play-json':
        expect(body).toBe(recorded)
        break
      case 'raw':
        expect([status, body]).toEqual([418, 'tea'])
        break
      default:
        expect(destroyed).toContain(fault.type)
    }
  }

  it.each(faults.filter(({ type }) => type !== 'hang').map((fault) => [fault.type, fault] as const))(
    'has the fault %s',
    async (_, fault) => {
      const good = await send()
      expect(reasonOf(shape.events(good.body))).toEqual(expect.any(String))
      await check(fault, good)
    },
  )

  it('has the fault hang', async () => {
    provider.fail({ type: 'hang' })
    expect(await send({ patienceMs: 20 })).toMatchObject({ status: undefined, ended: 'gone' })
  })
})

describe.each(Object.entries(shapes))('a JSON answer of %s', (_, shape) => {
  const send = () => post(provider, shape.path, shape.body, { headers: { ...shape.headers } })

  it.each(
    faults
      .filter(({ type }) => [...errors, ...halved, 'error-200', 'finish', 'refusal', 'no-end'].includes(type))
      .map((fault) => [fault.type, fault] as const),
  )('has the fault %s', async (_, fault) => {
    const good = JSON.parse((await send()).body) as Json
    provider.fail(fault)
    const { status, body } = await send()
    const json = JSON.parse(body) as Json
    const failed = errors.includes(fault.type) || fault.type === 'error-200'
    expect(shape.errorType(json)).toEqual(failed ? expect.any(String) : undefined)
    expect((status ?? 0) >= 400).toBe(errors.includes(fault.type))
    if (fault.type === 'no-end') expect(shape.reason(json)).toBeUndefined()
    if (halved.includes(fault.type)) expect(shape.reason(json)).not.toBe(shape.reason(good))
    if (fault.type === 'finish') expect(shape.reason(json)).toBe('something_new')
    if (fault.type === 'refusal') expect(shape.reason(json)).toBe(shape.refused)
  })
})
