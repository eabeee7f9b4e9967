import { describe, expect, it } from 'vitest'
import { parseJson, isRecord } from '../src/base/json.ts'
import { StreamFaultError } from '../src/base/errors.ts'
import { MessagesDialect } from '../src/protocols/anthropic-messages/messages-dialect.ts'
import { GeminiDialect } from '../src/protocols/gemini-generate/gemini-dialect.ts'
import { ChatDialect } from '../src/protocols/openai-chat/chat-dialect.ts'
import { ResponsesDialect } from '../src/protocols/openai-responses/responses-dialect.ts'
import type { StreamDialect } from '../src/protocols/shared/stream-dialect.ts'
import { GuardedStream } from '../src/stream/guarded-stream.ts'
import { HeldBytes } from '../src/wire/held-bytes.ts'
import { filesOf, found } from './helpers/recordings.ts'

/** What a vendor's streams look like, as its documentation says; nothing here is read from Harbor. */
interface Api {
  readonly name: string
  readonly dialect: () => StreamDialect
  /** Whether the type of an event stands in its `event:` field, too. */
  readonly named: boolean
  /** Whether `[DONE]` follows the last event. */
  readonly isDone?: true
  /** Whether an event says that the answer is complete. */
  readonly completes: (event: Event) => boolean
  /** Whether the vendor promises that nothing follows the event, so that the state of the connection no longer matters. */
  readonly closes: (event: Event) => boolean
}

interface Event {
  readonly type?: string
  readonly choices?: readonly { readonly finish_reason?: string | null }[]
  readonly candidates?: readonly { readonly finishReason?: string }[]
}

const DONE = '[DONE]'

const isMessageStop = (event: Event): boolean => event.type === 'message_stop'
const isResponseEnd = ({ type }: Event): boolean =>
  type === 'response.completed' || type === 'response.incomplete'

const APIS: readonly Api[] = [
  {
    name: 'anthropic',
    dialect: () => new MessagesDialect(),
    named: true,
    completes: isMessageStop,
    closes: isMessageStop,
  },
  {
    name: 'google',
    dialect: () => new GeminiDialect(),
    named: false,
    completes: ({ candidates }) => candidates?.[0]?.finishReason !== undefined,
    closes: () => false,
  },
  {
    name: 'chat',
    dialect: () => new ChatDialect(),
    named: false,
    isDone: true,
    completes: ({ choices }) => typeof choices?.[0]?.finish_reason === 'string',
    closes: ({ type }) => type === DONE,
  },
  {
    name: 'responses',
    dialect: () => new ResponsesDialect(),
    named: true,
    completes: isResponseEnd,
    closes: isResponseEnd,
  },
]

const MANY_EVENTS = 100
const LINE_ENDS = ['\n', '\r\n', '\r'] as const
/** How the body ends: as if it were complete, or with an error of the connection. */
const ENDINGS = ['end', 'reset'] as const
type Ending = (typeof ENDINGS)[number]

/** A cut, and what has arrived before it. */
interface Cut {
  readonly at: number
  /** The size of the events that have arrived whole, in bytes. */
  readonly wholeBytes: number
  /** Whether an event says that the answer is complete. `closed`: nothing can follow. */
  readonly isComplete: boolean
  readonly isClosed: boolean
  /** Whether the data of the event that is cut has arrived, and only the blank line after it has not. Such an event counts, unless it is a ping. */
  readonly lacksOnlyItsEnd: boolean
}

const RECORDINGS = APIS.flatMap((api) =>
  (found ? filesOf(api.name, '.chunks.txt') : [])
    .filter(([name]) => !name.includes('error'))
    .map(([name, text]) => ({ api, name, lines: text.split('\n').filter((line) => line !== '') })),
)

/** The bytes of a recording, and the places to cut it: at each event, at the ends of its lines, and inside its data. */
function played({ api, lines }: (typeof RECORDINGS)[number], lineEnd: string) {
  const texts = lines.map((line) => {
    const event = JSON.parse(line) as Event
    return { event, head: api.named ? `event: ${event.type}${lineEnd}` : '', data: `data: ${line}` }
  })
  if (api.isDone) texts.push({ event: { type: DONE }, head: '', data: `data: ${DONE}` })
  const cuts: Cut[] = []
  let at = 0
  let isComplete = false
  let isClosed = false
  for (const [index, { event, head, data }] of texts.entries()) {
    const [headBytes, dataBytes] = [Buffer.byteLength(head), Buffer.byteLength(data)]
    const ends = headBytes + dataBytes
    const inside = [
      1,
      headBytes - lineEnd.length,
      headBytes - 1,
      headBytes,
      headBytes + 6,
      headBytes + (dataBytes >> 1),
      ends - 1,
      ends,
      ends + lineEnd.length,
      ends + 1,
      ...insideCharacter(data).map((place) => headBytes + place),
    ].filter((place) => place > 0 && place < ends + 2 * lineEnd.length)
    // Each cut costs the reading of everything before it, so the events of a long recording take turns at these places.
    const turns = lines.length > MANY_EVENTS ? [inside[index % inside.length]] : inside
    for (const place of new Set([0, ...turns])) {
      if (place === undefined) continue
      const lacksOnlyItsEnd = place >= ends && event.type !== 'ping'
      cuts.push({
        at: at + place,
        wholeBytes: at,
        isComplete: isComplete || (lacksOnlyItsEnd && api.completes(event)),
        isClosed,
        lacksOnlyItsEnd,
      })
    }
    isComplete ||= api.completes(event)
    isClosed ||= api.closes(event)
    at += ends + 2 * lineEnd.length
  }
  cuts.push({ at, wholeBytes: at, isComplete, isClosed, lacksOnlyItsEnd: false })
  const bytes = Buffer.from(texts.map(({ head, data }) => head + data + lineEnd + lineEnd).join(''))
  expect(bytes.length).toBe(at)
  return { bytes, cuts }
}

/** The places between the bytes of the first character that has several. */
function insideCharacter(text: string): number[] {
  const bytes = Buffer.from(text)
  const first = bytes.findIndex((byte) => byte >= 0x80)
  const places: number[] = []
  for (let at = first + 1; first !== -1 && ((bytes[at] ?? 0) & 0xc0) === 0x80; at++) places.push(at)
  return places
}

/** What the reader of a guarded stream gets when the body brings these bytes and then ends. */
async function readCut(api: Api, bytes: Uint8Array, ending: Ending) {
  let isSent = false
  const stream = new GuardedStream({
    source: {
      next: async () => {
        if (!isSent && bytes.length > 0) {
          isSent = true
          return { done: false, value: bytes }
        }
        if (ending === 'reset') throw new Error('read ECONNRESET')
        return { done: true, value: undefined }
      },
    },
    dialect: api.dialect(),
    clock: performance,
    firstTokenMs: 60_000,
    maxBytes: 64 * 1024 * 1024,
    held: HELD,
    release: () => undefined,
  })
  try {
    await stream.hold()
  } catch (error) {
    return { refused: error, outcome: (await stream.ended).outcome, read: Buffer.alloc(0) }
  }
  stream.handOver(60_000)
  const pieces: Uint8Array[] = []
  for await (const piece of stream) pieces.push(piece)
  return { refused: undefined, outcome: (await stream.ended).outcome, read: Buffer.concat(pieces) }
}
const HELD = new HeldBytes(256 * 1024 * 1024)

describe.runIf(found)('a recorded stream that is cut at any event and at any part of an event', () => {
  it('is there in every API', () => {
    expect(RECORDINGS.length).toBeGreaterThanOrEqual(24)
    expect(new Set(RECORDINGS.map(({ api }) => api.name)).size).toBe(APIS.length)
  })

  it.each(RECORDINGS)('is complete only with its own end: $api.name/$name', async (recording) => {
    const { api } = recording
    for (const lineEnd of recording.lines.length > MANY_EVENTS ? (['\n'] as const) : LINE_ENDS) {
      const { bytes, cuts } = played(recording, lineEnd)
      for (const cut of cuts) {
        // A reset is the same wherever an event is cut.
        for (const ending of cut.at === cut.wholeBytes ? ENDINGS : (['end'] as const)) {
          const where = `${JSON.stringify(lineEnd)}, ${ending} after ${cut.at} of ${bytes.length} bytes`
          const sent = bytes.subarray(0, cut.at)
          const { refused, outcome, read } = await readCut(api, sent, ending)
          const isWhole = cut.isClosed || (ending === 'end' && cut.isComplete)
          if (outcome !== (isWhole ? 'success' : 'failure')) expect.fail(`${outcome}: ${where}`)
          if (refused !== undefined) {
            if (!StreamFaultError.is(refused)) throw refused
            continue
          }
          const whole = bytes.subarray(0, cut.lacksOnlyItsEnd && ending === 'end' ? cut.at : cut.wholeBytes)
          if (!read.subarray(0, whole.length).equals(whole)) expect.fail(`Other bytes: ${where}`)
          const added = read.subarray(whole.length).toString()
          if (!isWhole) expectFault(added, where)
          else if (added.trim() !== '') expect.fail(`Added ${added}: ${where}`)
        }
      }
    }
  })
})

/** One event, in which the vendor's SDK sees an error, and nothing before or after it. */
function expectFault(added: string, where: string): void {
  const [, data = ''] = /^\s*(?:event: error\n)?data: (.*)\n\n$/.exec(added) ?? []
  if (!isRecord(parseJson(data)) || !data.includes('stream_incomplete'))
    expect.fail(`No fault but ${JSON.stringify(added)}: ${where}`)
}
