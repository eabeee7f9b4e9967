import { continuingReply, type ContinuationManner } from '@harbor/simulator'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { brokenResponse } from './helpers/cut-streams.ts'
import { harborFetchFor } from './helpers/harbor-for.ts'

/** The number of streams with a random cut. `HARBOR_CUT_STREAMS=1000` runs more of them. */
const STREAMS = Number(process.env['HARBOR_CUT_STREAMS'] ?? 100)
const MANNERS = ['cooperative', 'paraphrasing', 'restarting', 'fencing', 'translating', 'half-word'] as const
const FORMS = ['user-turn', 'assistant', 'prefix'] as const
const WORDS = [
  'the ',
  'harbour ',
  'ships ',
  'and ',
  'Straße, ',
  '日本の港 ',
  '🚢 ',
  'ha ha ',
  '\n- ',
  '```\n',
  '{"a": 1} ',
  'x',
]

const texts = fc
  .array(fc.constantFrom(...WORDS), { minLength: 8, maxLength: 100, size: 'max' })
  .map((words) => `Harbours: ${words.join('')}`)

/** The events of a chat stream with this text, in deltas of a few characters, as bytes. */
function eventsOf(text: string, size: number): Uint8Array[] {
  const id = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'm' }
  const characters = Array.from(text)
  const deltas = Array.from({ length: Math.ceil(characters.length / size) }, (_, at) =>
    characters.slice(at * size, (at + 1) * size).join(''),
  )
  const choices: object[] = [
    { delta: { role: 'assistant', content: '' }, finish_reason: null },
    ...deltas.map((content) => ({ delta: { content }, finish_reason: null })),
    { delta: {}, finish_reason: 'stop' },
  ]
  const events = choices.map((choice) => JSON.stringify({ ...id, choices: [{ index: 0, ...choice }] }))
  return [...events, '[DONE]'].map((data) => Buffer.from(`data: ${data}\n\n`))
}

interface Read {
  readonly text: string
  readonly code: string | undefined
  readonly seams: number
}

function readOf(body: string): Read {
  let text = ''
  let code: string | undefined
  for (const line of body.split('\n').filter((each) => each.startsWith('data: {'))) {
    const { choices, error } = JSON.parse(line.slice(6)) as {
      choices?: { delta: { content?: string } }[]
      error?: { code: string }
    }
    text += choices?.[0]?.delta.content ?? ''
    code ??= error?.code
  }
  return { text, code, seams: body.split(': harbor: continued\n').length - 1 }
}

interface Case {
  readonly text: string
  readonly share: number
  readonly size: number
  readonly manner: ContinuationManner
  readonly form: (typeof FORMS)[number]
}

/** Returns a function that reads a stream which is cut once, in the middle of its text. */
function reader() {
  let reply = continuingReply('', 'cooperative')
  let given: Case | undefined
  let sent = ''
  const fetch = harborFetchFor({
    onStreamFailure: 'continue',
    breaker: false,
    models: Object.fromEntries(FORMS.map((form) => [form, { continuation: form, maxBridgeTokens: 400 }])),
    async fetch(_, init) {
      const { share = 0, size = 1 } = given ?? {}
      const events = eventsOf(reply({ body: JSON.parse(init?.body as string) as unknown }), size)
      if (sent !== '') return brokenResponse(Buffer.concat(events), { end: 'clean', chunkBytes: 100 })
      // At least one delta arrives, and the proof of the end does not.
      const arrived = Math.max(2, Math.floor(share * (events.length - 2)))
      const bytes = Buffer.concat(events.slice(0, arrived))
      sent = readOf(bytes.toString()).text
      return brokenResponse(bytes, { end: 'error', chunkBytes: 64 })
    },
  })
  return async (next: Case, more: object = {}): Promise<Read & { sent: string }> => {
    given = next
    sent = ''
    reply = continuingReply(next.text, next.manner)
    const messages = [{ role: 'user', content: 'Hi' }]
    const response = await fetch('https://api.openai.com/v1/chat/completions', {
      method: 'POST',
      body: JSON.stringify({ model: next.form, messages, stream: true, ...more }),
      headers: { authorization: 'Bearer key', 'content-type': 'application/json' },
    })
    return { ...readOf(await response.text()), sent }
  }
}

const cases = fc.record({
  text: texts,
  share: fc.integer({ min: 0, max: 1_000 }).map((thousandths) => thousandths / 1_000),
  size: fc.integer({ min: 1, max: 9 }),
  manner: fc.constantFrom(...MANNERS),
  form: fc.constantFrom(...FORMS),
})

describe('a chat stream with a random cut', () => {
  it('is joined without a lost or doubled character, or ends with the error', async () => {
    const read = reader()
    const counts = new Map<ContinuationManner, { accepted: number; all: number }>()
    await fc.assert(
      fc.asyncProperty(cases, async (given) => {
        const { text, code, seams, sent } = await read(given)
        const count = counts.get(given.manner) ?? { accepted: 0, all: 0 }
        counts.set(given.manner, count)
        count.all++
        if (code === undefined) {
          count.accepted++
          expect(text).toBe(given.text)
          expect(seams).toBe(1)
          expect(sent).not.toMatch(/\{[^}]*$/) // the joint is not inside JSON
        } else {
          expect(code).toBe('stream_incomplete')
          expect(text).toBe(sent)
          expect(seams).toBe(0)
        }
      }),
      { numRuns: STREAMS },
    )
    const accepted = (manner: ContinuationManner): number => {
      const { accepted: some = 0, all = 1 } = counts.get(manner) ?? {}
      return some / all
    }
    expect(accepted('cooperative')).toBeGreaterThan(0)
    expect(accepted('restarting')).toBeGreaterThan(0)
    // The shares of some 15 random streams for each manner say little.
    if (STREAMS < 1_000) return
    console.info(Object.fromEntries(counts))
    expect(accepted('cooperative')).toBeGreaterThan(0.3)
    expect(accepted('restarting')).toBeGreaterThan(0.2)
    // A text that is hardly longer than the anchor is requested again as a whole, and then every model answers with the same text.
    for (const manner of ['paraphrasing', 'fencing', 'translating'] as const) {
      expect(accepted(manner)).toBeLessThan(accepted('cooperative') / 2)
    }
  }, 600_000)

  it.each<[string, string, object]>([
    ['JSON', '{"ports": ["Hamburg", "Rotterdam", "Antwerp", "Le Havre"], "ships": 12345}', {}],
    [
      'a block of JSON',
      'Here it is:\n```json\n{"ports": ["Hamburg", "Rotterdam", "Antwerp"], "ships": 1}\n```',
      {},
    ],
    [
      'structured output',
      'A harbour is a place where ships may shelter from the weather.',
      { response_format: { type: 'json_object' } },
    ],
    ['several answers', 'A harbour is a place where ships may shelter from the weather.', { n: 2 }],
  ])('is never joined inside %s', async (_, text, request) => {
    const read = reader()
    for (let share = 0.4; share < 0.85; share += 0.1) {
      const joined = await read({ text, share, size: 3, manner: 'cooperative', form: 'user-turn' }, request)
      expect(joined).toMatchObject({ code: 'stream_incomplete', seams: 0, text: joined.sent })
    }
  })
})
