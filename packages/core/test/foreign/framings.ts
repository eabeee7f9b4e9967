import OpenAI from 'openai'
import { chunk, completion, sse, text, type ForeignRow } from './row.ts'

const whole = { value: 'Hello.', calls: 1, circuit: 'success' } as const

const HELLO = chunk({ delta: { role: 'assistant', content: 'Hello.' } })
const STOP = chunk({ finish_reason: 'stop' })
const line = (data: object | string): string =>
  `data: ${typeof data === 'string' ? data : JSON.stringify(data)}`

/** The same short stream, framed by a function of its events' data. */
const framed = (frame: (data: string) => string, start = ''): ForeignRow['answer'] =>
  text(
    'text/event-stream',
    start + [JSON.stringify(HELLO), JSON.stringify(STOP), '[DONE]'].map(frame).join(''),
  )
const chat: ForeignRow['to'] = ['chat stream']

/** Streams of events in the framings that servers really use. All of them are whole. */
export const framings: readonly ForeignRow[] = (
  [
    ['lines that end in CRLF', framed((data) => `data: ${data}\r\n\r\n`)],
    ['lines that end in CR', framed((data) => `data: ${data}\r\r`)],
    ['line ends of every kind', framed((data) => `id: 1\rdata: ${data}\r\n\n`)],
    ['no space after the colon', framed((data) => `data:${data}\n\n`)],
    ['two spaces after the colon', framed((data) => `data:  ${data} \n\n`)],
    ['indented fields', framed((data) => `  data: ${data}\n\n`)],
    ['ids, names and retry times', framed((data) => `id: 7\nevent: message\nretry: 10\ndata: ${data}\n\n`)],
    ['a byte order mark', framed((data) => `data: ${data}\n\n`, '\uFEFF')],
    ['blank lines and comments at the start', framed((data) => `data: ${data}\n\n`, '\n\n  \n: hello\n\n')],
    ['data over several lines', framed((data) => `data: ${data.replace(/,/g, ',\ndata: ')}\n\n`)],
    ['no blank line at the end', sse(HELLO, STOP).body as string],
    ['events without blank lines between them', framed((data) => `data: ${data}\n`)],
    ['two objects in one event', `data: ${JSON.stringify(HELLO)}${JSON.stringify(STOP)}\n\ndata: [DONE]\n\n`],
    ['empty data first', framed((data) => `data:\n\ndata: ${data}\n\n`)],
    ['data that is only blanks', framed((data) => `data:   \n\ndata: ${data}\n\n`)],
    ['events that have only a name', framed((data) => `event: ping\n\ndata: ${data}\n\n`)],
    ['pings with data', framed((data) => `event: ping\ndata: {"type":"ping"}\n\ndata: ${data}\n\n`)],
    ['empty objects', framed((data) => `data: {}\n\ndata: ${data}\n\n`)],
    [
      'null, empty texts and lists as data',
      framed((data) => `data: null\n\ndata: ""\n\ndata: []\n\ndata: ${data}\n\n`),
    ],
    [
      'words that keep the connection alive',
      framed((data) => `data: ping\n\ndata: : keep-alive\n\ndata: ${data}\n\n`),
    ],
    ['padding before the first field', framed((data) => `data: ${data}\n\n`, '\0\uFEFF ')],
    ['[DONE] with a space', `${line(HELLO)}\n\n${line(STOP)}\n\ndata: [DONE] \n\n`],
    ['[done] in small letters', `${line(HELLO)}\n\n${line(STOP)}\n\ndata: [done]\n\n`],
    ['"[DONE]" in quotes', `${line(HELLO)}\n\n${line(STOP)}\n\ndata: "[DONE]"\n\n`],
    ['words after the proof', `${line(HELLO)}\n\n${line(STOP)}\n\ndata: bye\n\n`],
    ['half an event after the proof', `${line(HELLO)}\n\n${line(STOP)}\n\ndata: {"choi`],
  ] as const
).map(([what, body]): ForeignRow => {
  const answer = typeof body === 'string' ? text('text/event-stream', body) : body
  return { what, answer, to: chat, becomes: whole }
})

const STREAM = sse(HELLO, STOP, '[DONE]').body as string
const ANSWER = JSON.stringify(completion())

/** Good answers under labels that say something else: the first bytes decide. */
export const labels: readonly ForeignRow[] = [
  ...[
    'application/json',
    'application/json; charset=utf-8',
    'text/html; charset=utf-8',
    'text/plain',
    'application/octet-stream',
    'application/x-ndjson',
    'text/event-stream, text/event-stream',
    'text/event-stream;charset=iso-8859-1',
    '',
    'nonsense',
  ].map((type): ForeignRow => ({
    what: `a stream labelled '${type}'`,
    answer: { body: STREAM, ...(type !== '' && { headers: { 'content-type': type } }) },
    to: chat,
    becomes: whole,
  })),
  ...[
    'text/plain; charset=utf-8',
    'text/json',
    'text/html',
    'text/event-stream',
    'application/json, application/json',
    'application/octet-stream',
    'application/json; charset=latin1',
    '',
    'nonsense',
  ].flatMap((type): ForeignRow[] =>
    ['', '\uFEFF', ' \n\t\r\n'].map((start) => ({
      what: `JSON labelled '${type}' after ${JSON.stringify(start)}`,
      answer: { body: start + ANSWER, ...(type !== '' && { headers: { 'content-type': type } }) },
      to: ['chat'],
      becomes: {
        value: { choices: [{ message: { content: 'Hello.' } }] },
        calls: 1,
        circuit: 'success',
      },
    })),
  ),
]

const GRUSS = JSON.stringify(completion({ message: { role: 'assistant', content: 'Grüße' } }))
const inCharset = (what: string, type: string, encoding: 'latin1' | 'utf16le'): ForeignRow => ({
  what: `JSON in ${what}`,
  answer: {
    body: Buffer.from(GRUSS, encoding).toString('base64'),
    encoding: 'base64',
    headers: { 'content-type': type },
  },
  to: ['chat'],
  becomes: { value: { choices: [{ message: { content: 'Grüße' } }] }, calls: 1, circuit: 'success' },
})

/** JSON in other charsets: its first bytes or its label say which. */
export const charsets: readonly ForeignRow[] = [
  inCharset('Latin-1', 'application/json; charset=iso-8859-1', 'latin1'),
  inCharset('UTF-16', 'application/json', 'utf16le'),
]

const refused = {
  error: { class: OpenAI.InternalServerError, status: 502, code: 'malformed_answer' },
  calls: 2,
  circuit: 'failure',
  billed: 2,
  kind: 'malformed',
  movesOn: true,
} as const
const PAGE = '<!doctype html>\n<html><body>Sign in: {"error":"no"}</body></html>'

/** What is no answer under any label: it may have been billed, and is repeated once at most. */
export const otherBodies: readonly ForeignRow[] = [
  'text/event-stream',
  'text/html',
  'application/json',
  'text/plain',
].flatMap((type): ForeignRow[] => [
  {
    what: `a web page labelled '${type}'`,
    answer: text(type, PAGE),
    to: ['chat', ...chat],
    becomes: refused,
  },
  {
    what: `a stream where JSON was asked for, labelled '${type}'`,
    answer: text(type, STREAM),
    to: ['chat'],
    becomes: refused,
  },
  {
    what: `JSON where a stream was asked for, labelled '${type}'`,
    answer: text(type, ANSWER),
    to: chat,
    becomes: refused,
  },
  {
    what: `words labelled '${type}'`,
    answer: text(type, 'upstream connect error'),
    to: ['chat', ...chat],
    becomes: refused,
  },
])

const given = (finish_reason: unknown): string =>
  (sse(HELLO, chunk({ finish_reason }), '[DONE]').body as string).replace('"[DONE]"', '[DONE]')

/** A finish reason is a word: any word proves the end, and a spelling of nothing does not. */
export const finishReasons: readonly ForeignRow[] = [
  ...['eos', 'STOP', 'COMPLETE', 'end_turn', 'eos_token', 'SAFETY', 'fertig'].map((reason): ForeignRow => ({
    what: `the finish reason '${reason}'`,
    answer: text('text/event-stream', given(reason)),
    to: chat,
    becomes: { ...whole, receipt: { finishReasons: [reason] } },
  })),
  {
    what: '[DONE] without a finish reason, of a provider that never sends one',
    answer: text('text/event-stream', `${line(HELLO)}\n\ndata: [DONE]\n\n`),
    to: chat,
    options: { providers: { openai: { streamEnd: 'done' } } },
    becomes: whole,
  },
]
