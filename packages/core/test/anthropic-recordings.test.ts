import Anthropic from '@anthropic-ai/sdk'
import { describe, expect, it } from 'vitest'
import { receiptOf } from '../src/index.ts'
import { anthropicOver, QUESTION, readStream, sendStream, onWire } from './helpers/anthropic.ts'
import { sendJson, serve } from './helpers/http-server.ts'
import { filesOf, found } from './helpers/recordings.ts'

interface Usage {
  readonly input_tokens: number
  readonly output_tokens: number
  readonly cache_read_input_tokens?: number | null
  readonly cache_creation_input_tokens?: number | null
  readonly cache_creation?: { ephemeral_5m_input_tokens: number; ephemeral_1h_input_tokens: number } | null
  readonly server_tool_use?: { web_search_requests: number } | null
  readonly iterations?: readonly (Usage & { type: string })[] | null
}

const STREAMS = found
  ? filesOf('anthropic', '.chunks.txt').map(([name, text]) => {
      const lines = text.split('\n').filter((line) => line !== '')
      return { name, lines, wire: onWire(lines), events: lines.map((line) => JSON.parse(line) as Event) }
    })
  : []
const ANSWERS = found ? filesOf('anthropic', '.json').map(([name, body]) => ({ name, body })) : []

interface Event {
  readonly type: string
  readonly message?: { usage: Usage }
  readonly usage?: Partial<Usage>
  readonly delta?: { stop_reason?: string }
}

/** Every rate differs, so that no class of tokens can be taken for another. */
const PRICE = {
  inputPerMillion: 1_000_000,
  outputPerMillion: 7_000_000,
  cachedInputPerMillion: 100_000,
  cacheWritePerMillion: { '5m': 1_250_000, '1h': 2_000_000 },
}
const OPTIONS = {
  // The second one answers where the provider itself fell back to it.
  models: { 'anthropic/claude-sonnet-4-6': { price: PRICE }, 'anthropic/claude-opus-4-8': { price: PRICE } },
  breaker: false as const,
}
/** The published price of a web search, in US dollars. */
const SEARCH_USD = 0.01

/** The vendor's arithmetic: the input classes are apart, later counts replace earlier ones, and a compaction is billed in addition. */
function billOf(usage: Usage): { inputTokens: number; outputTokens: number; usd: number } {
  const sampled = [usage, ...(usage.iterations ?? []).filter(({ type }) => type === 'compaction')]
  const searches = usage.server_tool_use?.web_search_requests ?? 0
  let [inputTokens, outputTokens, usd] = [0, 0, searches * SEARCH_USD]
  for (const each of sampled) {
    const read = each.cache_read_input_tokens ?? 0
    const hour = each.cache_creation?.ephemeral_1h_input_tokens ?? 0
    const written = each.cache_creation_input_tokens ?? 0
    inputTokens += each.input_tokens + read + written
    outputTokens += each.output_tokens
    usd += each.input_tokens + 0.1 * read + 2 * hour + 1.25 * (written - hour) + 7 * each.output_tokens
  }
  return { inputTokens, outputTokens, usd }
}

function streamUsage(events: readonly Event[]): Usage {
  const reports = events.map(({ message, usage }) => message?.usage ?? usage ?? {})
  const known = reports.map((report) => Object.entries(report).filter(([, value]) => value !== null))
  return Object.fromEntries(known.flat()) as unknown as Usage
}

function expectBill(receipt: unknown, usage: Usage): void {
  const { usd, ...tokens } = billOf(usage)
  expect(receipt).toMatchObject({
    outcome: 'success',
    usage: tokens,
    cost: { usage: 'reported', price: 'own' },
  })
  expect((receipt as { cost: { usd: number } }).cost.usd).toBeCloseTo(usd, 6)
}

function post(stream: boolean): RequestInit {
  return { method: 'POST', body: JSON.stringify({ ...QUESTION, stream }) }
}

describe.runIf(found)('a recorded stream of the Messages API', () => {
  it('is there', () => {
    expect(STREAMS.length).toBeGreaterThanOrEqual(9)
    expect(ANSWERS.length).toBeGreaterThanOrEqual(8)
  })

  it.each(STREAMS)('passes byte for byte, with its usage and cost: $name', async ({ wire, events }) => {
    const { origin } = await serve((_request, response) => void sendStream(response, wire))
    const { harborFetch } = anthropicOver(origin, OPTIONS)
    const response = await harborFetch(`${origin}/v1/messages`, post(true))
    expect(await response.text()).toBe(wire.join(''))
    const reasons = events.flatMap(({ delta }) => delta?.stop_reason ?? [])
    expect(receiptOf(response)?.finishReasons).toEqual(reasons)
    expectBill(receiptOf(response), streamUsage(events))
  })

  it.each(STREAMS)(
    'reaches the SDK event for event, however it is cut into packets: $name',
    async ({ wire, events }) => {
      const bytes = Buffer.from(wire.join(''))
      for (const size of [7, 1_009, bytes.length]) {
        const packets = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
          bytes.subarray(at * size, (at + 1) * size),
        )
        const { origin } = await serve((_request, response) => {
          response.writeHead(200, { 'content-type': 'text/event-stream' })
          for (const packet of packets) response.write(packet)
          response.end()
        })
        const reading = await readStream(anthropicOver(origin, OPTIONS))
        expect(reading.error).toBeUndefined()
        expect(reading.events).toEqual(events.filter(({ type }) => type !== 'ping'))
        expectBill(reading.receipt, streamUsage(events))
      }
    },
  )

  it.each(STREAMS)('is never taken for complete when it is cut after any event: $name', async (recording) => {
    const upstream = cutUpstream()
    const fetch = async (): Promise<Response> =>
      new Response(upstream.next().join(''), { headers: { 'content-type': 'text/event-stream' } })
    const over = anthropicOver('http://anthropic.test', { ...OPTIONS, fetch })
    const { length } = recording.wire
    // The SDK reads long streams slowly, so only some events of those are cut here. In recorded-cuts.test.ts, all are.
    const step = Math.ceil(length / 200)
    for (let after = 0; after < length; after += after < length - 9 ? step : 1)
      await expectCut(recording, after, upstream, over)
  })

  it.each(STREAMS)(
    'is never taken for complete when its connection ends after an event or inside one: $name',
    async (recording) => {
      const upstream = cutUpstream()
      const { origin } = await serve((_request, response) => void sendStream(response, upstream.next()))
      const over = anthropicOver(origin, OPTIONS)
      const { length } = recording.wire
      for (let after = 0; after < length; after += Math.ceil(length / 12))
        for (const lost of [0, 20]) await expectCut(recording, after, upstream, over, lost)
    },
  )
})

/** Sends a stream that is cut, and the whole stream when it is called again. */
function cutUpstream() {
  const upstream = {
    broken: [] as readonly string[],
    whole: [] as readonly string[],
    calls: 0,
    next: () => (++upstream.calls === 1 ? upstream.broken : upstream.whole),
  }
  return upstream
}

/** Cuts a stream after some events. If its last bytes are `lost`, the next event comes without them. */
async function expectCut(
  { wire, events }: (typeof STREAMS)[number],
  after: number,
  upstream: ReturnType<typeof cutUpstream>,
  over: ReturnType<typeof anthropicOver>,
  lost = 0,
): Promise<void> {
  const inside = lost > 0 ? (wire[after]?.slice(0, -lost) ?? '') : ''
  Object.assign(upstream, { broken: [...wire.slice(0, after), inside], whole: wire, calls: 0 })
  const whole = events.filter(({ type }) => type !== 'ping')
  const { events: read, error, receipt } = await readStream(over)
  const where = `cut after ${after} of ${wire.length} events${inside && ', inside the next one'}`
  if (error === undefined) {
    expect(read, where).toEqual(whole)
    expect(upstream.calls, where).toBe(2)
    expect(receipt?.attempts[0]?.failure, where).toMatchObject({
      kind: 'stream',
      code: expect.stringMatching(/^stream_(?:incomplete|malformed)$/) as string,
    })
  } else {
    expect(error, where).toBeInstanceOf(Anthropic.APIError)
    expect(error, where).toMatchObject({ errorCode: 'stream_incomplete' })
    expect(upstream.calls, where).toBe(1)
    expect(receipt?.outcome, where).toBe('failure')
    expect(read, where).toEqual(events.slice(0, after).filter(({ type }) => type !== 'ping'))
  }
}

describe.runIf(found)('a recorded message', () => {
  it.each(ANSWERS)('reaches the SDK as it was sent, with its usage and cost: $name', async ({ body }) => {
    const recorded = JSON.parse(body) as { usage: Usage; stop_reason: string }
    const { origin } = await serve((_request, response) => sendJson(response, recorded))
    const { client, last } = anthropicOver(origin, OPTIONS)
    const message = await client.messages.create(QUESTION)
    expect(JSON.parse(JSON.stringify(message))).toMatchObject(recorded)
    expect(last()).toMatchObject({ finishReasons: [recorded.stop_reason], attempts: { length: 1 } })
    expectBill(last(), recorded.usage)
  })
})
