import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { brokenResponse, randomCuts, type RandomCut } from './helpers/cut-streams.ts'
import { harborFetchFor } from './helpers/harbor-for.ts'

/** The number of streams with random cuts. `HARBOR_CUT_STREAMS=1000` runs more of them. */
const STREAMS = Number(process.env['HARBOR_CUT_STREAMS'] ?? 100)
const WORDS = ['harbour ', 'ships ', 'Straße ', '日本 ', '🚢 ', 'a\r\nb ', '"quoted" ']
const encoder = new TextEncoder()

/** The events of a stored response with this number of words, as bytes. */
function eventsOf(words: number, isCrlf: boolean): Uint8Array[] {
  const types: [string, object][] = [
    ['response.created', { response: { id: 'resp_1', status: 'queued', output: [] } }],
    ['response.queued', { response: { id: 'resp_1', status: 'queued', output: [] } }],
    ...Array.from({ length: words }, (_, word): [string, object] => [
      'response.output_text.delta',
      { output_index: 0, item_id: 'msg_1', delta: WORDS[word % WORDS.length] },
    ]),
    [
      'response.completed',
      {
        response: {
          id: 'resp_1',
          status: 'completed',
          output: [],
          usage: { input_tokens: 3, output_tokens: words },
        },
      },
    ],
  ]
  return types.map(([type, fields], sequence_number) => {
    const text = `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number, ...fields })}\n\n`
    return encoder.encode(isCrlf ? text.replaceAll('\n', '\r\n') : text)
  })
}

/** The position after which a request asks for events; -1 if it asks for all. */
function positionIn(input: string | URL | Request): number {
  const { searchParams } = new URL(input instanceof Request ? input.url : input)
  return Number(searchParams.get('starting_after') ?? -1)
}

/** A server that stores one response, and whose connections end as planned; those after the plan are whole. */
function server(events: readonly Uint8Array[], cuts: readonly RandomCut[]) {
  const positions: number[] = []
  let cutEvents = 0
  const fetch = async (input: string | URL | Request): Promise<Response> => {
    const after = positionIn(input)
    const cut = cuts[positions.length]
    positions.push(after)
    const first = Math.max(0, after + 1 - (cut?.replays ?? 0))
    const bytes = Buffer.concat(events.slice(first))
    if (!cut) return brokenResponse(bytes, { end: 'clean', chunkBytes: 1_000 })
    // The first connection brings its first event, which has the id. Each later one brings something new.
    const least = Buffer.concat(events.slice(first, after + 2)).length
    const sent = least + Math.floor((bytes.length - least) * cut.share)
    if (sent < bytes.length) cutEvents++
    return brokenResponse(bytes.subarray(0, sent), cut)
  }
  return { fetch, positions, cuts: () => cutEvents }
}

const init = {
  method: 'POST',
  body: JSON.stringify({ model: 'gpt-5', input: 'Hi', background: true, store: true, stream: true }),
  headers: { authorization: 'Bearer key', 'content-type': 'application/json' },
}

describe('a stored stream with random cuts', () => {
  it('reaches its reader byte for byte', async () => {
    let cutConnections = 0
    let resumes = 0
    let upstream = server([], [])
    const fetch = harborFetchFor({
      fetch: (input) => upstream.fetch(input),
      onStreamFailure: 'resume',
      breaker: false,
    })
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 30 }), fc.boolean(), randomCuts, async (words, isCrlf, cuts) => {
        const events = eventsOf(words, isCrlf)
        upstream = server(events, cuts)
        const response = await fetch('https://api.openai.com/v1/responses', init)
        const bytes = Buffer.from(await response.arrayBuffer())
        expect(bytes.toString()).toBe(Buffer.concat(events).toString())
        expect(upstream.positions).toEqual([...upstream.positions].sort((a, b) => a - b))
        cutConnections += upstream.cuts()
        resumes += upstream.positions.length - 1
      }),
      { numRuns: STREAMS },
    )
    // The property says little if few streams were cut. A cut in the last blank line needs no further request.
    expect(resumes).toBeLessThanOrEqual(cutConnections)
    expect(resumes).toBeGreaterThan(STREAMS)
  }, 600_000)

  it('ends with the error, and without a gap, if the server skips events', async () => {
    let gaps = 0
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 4, max: 30 }),
        fc.integer({ min: 1, max: 3 }),
        async (words, skipped) => {
          const events = eventsOf(words, false)
          let calls = 0
          const fetch = harborFetchFor({
            onStreamFailure: 'resume',
            fetch: async (input) => {
              const after = positionIn(input)
              const rest = calls++ === 0 ? events.slice(0, 4) : events.slice(after + 1 + skipped)
              return brokenResponse(Buffer.concat(rest), { end: 'clean', chunkBytes: 100 })
            },
          })
          const response = await fetch('https://api.openai.com/v1/responses', init)
          const text = await response.text()
          const sent = Buffer.concat(events.slice(0, 4)).toString()
          expect(text.startsWith(sent)).toBe(true)
          expect(text.slice(sent.length)).toMatch(/^event: error\ndata: .*"code":"stream_incomplete"/)
          gaps++
        },
      ),
      { numRuns: 20 },
    )
    expect(gaps).toBe(20)
  })
})
