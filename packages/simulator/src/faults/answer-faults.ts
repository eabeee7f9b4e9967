import { apiErrorFor } from '../api-error.ts'
import { type Answer, bodyAnswer, doneFrame, jsonAnswer, streamAnswer } from '../answers/answer.ts'
import { asObject, asString } from '../answers/json.ts'
import type { Call } from '../call.ts'
import type { AnswerFault, FaultOf, PlayFault, StatusFault } from '../script/fault.ts'

type Replacements = {
  [Type in (AnswerFault | PlayFault | StatusFault)['type']]: (fault: FaultOf<Type>, call: Call) => Answer
}

/** The faults that replace the good answer. */
export const answerFaults: Replacements = {
  status: statusAnswer,
  'json-for-stream': (_, call) => call.answer({ stream: false }),
  'error-200': ({ code, message }) => {
    const usual = apiErrorFor(500)
    return jsonAnswer({
      error: { ...usual, code: code ?? 'server_error', message: message ?? usual.message },
    })
  },
  'html-200': () => bodyAnswer(200, 'text/html', htmlPage('Just a moment...')),
  'empty-body': (_, call) => ({ ...call.answer(), frames: [''], stream: false }),
  'broken-json': (_, call) => {
    const answer = call.answer({ stream: false })
    return { ...answer, frames: answer.frames.map((body) => body.slice(0, Math.floor(body.length / 2))) }
  },
  'huge-body': ({ bytes }, call) => {
    const answer = call.answer()
    const [first = '', ...rest] = answer.frames
    const padded = first.replace('{', () => `{"padding":"${'a'.repeat(bytes)}",`)
    return { ...answer, frames: [padded, ...rest] }
  },
  'wrong-content-type': ({ contentType = 'text/plain; charset=utf-8' }, call) => ({
    ...call.answer(),
    contentType,
  }),
  'content-filter': (_, call) => call.answer({ finish: 'content_filter' }),
  length: (_, call) => call.answer({ finish: 'length' }),
  play: ({ events, named = false, done = !named, status = 200, headers }) => ({
    ...streamAnswer([...events.map((data) => frame(data, named)), ...(done ? [doneFrame] : [])]),
    ...head(status, headers, 'text/event-stream; charset=utf-8'),
  }),
  'play-json': ({ body, status = 200, headers }) => ({
    ...bodyAnswer(status, '', body),
    ...head(status, headers, 'application/json'),
  }),
}

function statusAnswer(fault: FaultOf<'status'>): Answer {
  const { status, code, errorType, message, html, body } = fault
  const usual = apiErrorFor(status)
  const error = {
    ...usual,
    ...(message !== undefined && { message }),
    ...(errorType !== undefined && { type: errorType }),
    ...(code !== undefined && { code }),
  }
  const page = html ? htmlPage(`${status}`) : undefined
  const text = body ?? page ?? JSON.stringify({ error })
  return {
    ...bodyAnswer(status, '', text),
    ...head(
      status,
      { ...retryHeaders(fault.retryAfter), ...fault.headers },
      page ? 'text/html' : 'application/json',
    ),
  }
}

function retryHeaders(retryAfter: FaultOf<'status'>['retryAfter']): Record<string, string> {
  if (retryAfter === undefined) return {}
  if (typeof retryAfter === 'number') return { 'retry-after-ms': String(retryAfter) }
  if (typeof retryAfter === 'string') return { 'retry-after': retryAfter }
  return { 'retry-after': new Date(Date.now() + retryAfter.dateInMs).toUTCString() }
}

/** The status and the headers that a fault sets. Its `content-type` header, if any, replaces the usual type. */
function head(status: number, headers: Readonly<Record<string, string>> = {}, usualType: string) {
  const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const)
  const contentType = lower.find(([name]) => name === 'content-type')?.[1] ?? usualType
  return { status, contentType, headers: lower.filter(([name]) => name !== 'content-type').flat() }
}

function frame(data: string, named: boolean): string {
  const lines = `data: ${data.replaceAll('\n', '\ndata: ')}\n\n`
  return named ? `event: ${typeOf(data)}\n${lines}` : lines
}

function typeOf(data: string): string {
  try {
    return asString(asObject(JSON.parse(data))['type']) || 'message'
  } catch {
    // The data may be broken on purpose.
    return 'message'
  }
}

function htmlPage(title: string): string {
  return `<!DOCTYPE html>\n<html><head><title>${title}</title></head><body><h1>${title}</h1><hr>nginx</body></html>\n`
}
