import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { fieldsOf, found, type Json, recordedAnswers, recordedStreams } from '../../test/recordings.ts'
import { eventsOf, post } from '../../test/wire.ts'
import { startSimulator } from '../index.ts'

const simulator = await startSimulator()
const provider = simulator.provider()
afterAll(() => simulator.close())
beforeEach(() => provider.reset())

const minus = (set: Set<string>, other: Set<string>) => [...set].filter((entry) => !other.has(entry))

/**
 * Fails unless our object has all fields that every recording of its kind has, and none that no recording of the vendor
 * has.
 */
function expectFields(ours: Json, kind: readonly Json[], all: readonly Json[], opaque: string[]): void {
  const fields = fieldsOf(ours, opaque)
  const [first = new Set<string>(), ...others] = kind.map((one) => fieldsOf(one, opaque))
  const inEvery = new Set([...first].filter((field) => others.every((set) => set.has(field))))
  const inAny = new Set(all.flatMap((one) => [...fieldsOf(one, opaque)]))
  expect(inEvery.size).toBeGreaterThan(0)
  expect(minus(inEvery, fields), 'fields that are missing').toEqual([])
  expect(minus(fields, inAny), 'fields that no recording has').toEqual([])
}

describe.skipIf(!found)('Anthropic’s recordings', () => {
  const headers = { 'anthropic-version': '2023-06-01' }
  const request = { model: 'claude-sonnet-4-5', max_tokens: 500 }
  const ask = (content: string, more = {}) => ({ ...request, messages: [{ role: 'user', content }], ...more })
  const tools = [{ name: 'json', input_schema: { type: 'object', properties: { city: { type: 'string' } } } }]
  const opaque = ['input']
  const text = /^anthropic-(text|json-output-format|clear-thinking)/
  const cases = [
    ['text', text, ask('Hello')],
    ['a tool', /^anthropic-(json-tool|tool-no-args)/, ask('Use json.', { tools })],
    ['a refusal', /^anthropic-refusal/, ask('Hello')],
  ] as const

  async function answer(name: string, body: object): Promise<string> {
    if (name === 'a refusal') provider.fail({ type: 'refusal' })
    return (await post(provider, '/messages', body, { headers })).body
  }

  it.each(cases)('of %s have the fields of our events', async (name, files, body) => {
    const ours = eventsOf(await answer(name, { ...body, stream: true })).map(
      (data) => JSON.parse(data) as Json,
    )
    const theirs = recordedStreams('anthropic', files).flat()
    const all = recordedStreams('anthropic', /./).flat()
    expect(ours.length).toBeGreaterThan(3)
    for (const event of ours) {
      const kind = (one: Json) =>
        [
          one['type'],
          (one['delta'] as Json | undefined)?.['type'],
          (one['content_block'] as Json | undefined)?.['type'],
        ].join()
      const same = (one: Json) => kind(one) === kind(event)
      expectFields(event, theirs.filter(same), all.filter(same), opaque)
    }
  })

  it.each(cases)('of %s have the fields of our JSON', async (name, files, body) => {
    const ours = JSON.parse(await answer(name, body)) as Json
    expectFields(ours, recordedAnswers('anthropic', files), recordedAnswers('anthropic', /./), opaque)
  })

  it('have events in the order that ours have', async () => {
    const order =
      /^message_start (ping )*(content_block_start (ping |content_block_delta )*content_block_stop (ping )*)*message_delta message_stop$/
    const streams = recordedStreams('anthropic', /./)
    for (const [name, , body] of cases) {
      streams.push(
        eventsOf(await answer(name, { ...body, stream: true })).map((data) => JSON.parse(data) as Json),
      )
    }
    expect(streams.length).toBeGreaterThan(8)
    for (const events of streams) expect(events.map(({ type }) => type).join(' ')).toMatch(order)
  })

  it('have thoughts whose deltas have the fields of ours', async () => {
    const body = ask('Hello', { thinking: { type: 'enabled', budget_tokens: 50 }, stream: true })
    const ours = eventsOf(await answer('thoughts', body)).map((data) => JSON.parse(data) as Json)
    const theirs = recordedStreams('anthropic', /clear-thinking/).flat()
    for (const type of ['thinking_delta', 'signature_delta']) {
      const delta = (events: Json[]) =>
        events.find((one) => (one['delta'] as Json | undefined)?.['type'] === type)
      expect(fieldsOf(delta(ours), [])).toEqual(fieldsOf(delta(theirs), []))
    }
  })
})

describe.skipIf(!found)('Google’s recordings', () => {
  const body = (text: string, more = {}) => ({ contents: [{ role: 'user', parts: [{ text }] }], ...more })
  const thinking = { generationConfig: { thinkingConfig: { thinkingBudget: 50 } } }
  const tools = [
    {
      functionDeclarations: [
        { name: 'weather', parameters: { properties: { location: { type: 'STRING' } } } },
      ],
    },
  ]
  const path = '/models/gemini-3-pro-preview'
  const opaque = ['args']
  const cases = [
    ['text', /^google-(text|reasoning)/, body('Hello', thinking)],
    ['a tool', /^google-tool-call/, body('Use weather.', { tools, ...thinking })],
  ] as const

  it.each(cases)('of %s have the fields of our JSON', async (_, files, request) => {
    const { body: json } = await post(provider, `${path}:generateContent`, request)
    expectFields(
      JSON.parse(json) as Json,
      recordedAnswers('google', files),
      recordedAnswers('google', /./),
      opaque,
    )
  })

  it.each(cases)('of %s have the fields of our first and last event', async (_, files, request) => {
    const { body: events } = await post(provider, `${path}:streamGenerateContent?alt=sse`, request)
    const ours = eventsOf(events).map((data) => JSON.parse(data) as Json)
    const theirs = recordedStreams('google', files)
    for (const place of [0, -1]) {
      const chunks = theirs.map((chunk) => chunk.at(place) ?? {})
      expectFields(ours.at(place) ?? {}, chunks, chunks, opaque)
    }
  })

  it('have an error with the details of ours', async () => {
    provider.fail({ type: 'quota', per: 'minute' })
    const { body: error } = await post(provider, `${path}:generateContent`, body('Hello'))
    const [recorded = {}] = recordedAnswers('google', /429/)
    expect(minus(fieldsOf(recorded, []), fieldsOf(JSON.parse(error), []))).toEqual([])
    expect(error).toContain('GenerateRequestsPerMinutePerProjectPerModel-FreeTier')
  })
})
