import { type Answer, bodyAnswer, doneFrame, streamAnswer } from '../answers/answer.ts'
import { asObject, asString } from '../answers/json.ts'
import type { Call } from '../call.ts'
import type { AnswerFault, PlayFault } from '../script/answer-fault.ts'
import type { FaultOf, StatusFault, VendorFault } from '../script/fault.ts'

type Replacements = {
  [Type in (AnswerFault | PlayFault | StatusFault | VendorFault)['type']]: (
    fault: FaultOf<Type>,
    call: Call,
  ) => Answer
}

/** The functions that make the answer for a fault, by the type of the fault. Their answers replace the good answer. */
export const answerFaults: Replacements = {
  status: statusAnswer,
  'json-for-stream': (_, call) => call.answer({ stream: false }),
  'error-200': ({ code, errorType, message }, { wire, request }) => ({
    ...wire.error({ ...wire.inBand, code: code ?? wire.inBand.code, errorType, message }, request),
    status: 200,
  }),
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
  'content-filter': (_, call) => call.answer({ ending: { finish: 'content_filter' } }),
  length: (_, call) => call.answer({ ending: { finish: 'length' } }),
  finish: ({ reason, pieces }, call) => call.answer({ ending: { finish: 'length', reason, pieces } }),
  refusal: ({ pieces, category }, call) => call.answer({ ending: { finish: 'refusal', pieces, category } }),
  'blocked-prompt': (fault, call) => call.wire.blocked(call.question(), fault),
  'no-end': (_, call) => call.answer({ ending: { reason: null } }),
  overloaded: vendorAnswer,
  quota: vendorAnswer,
  'spend-limit': vendorAnswer,
  'tier-unavailable': vendorAnswer,
  'context-length': vendorAnswer,
  play: (fault, { wire, request }) => {
    const { events, status = 200, headers } = fault
    const usual = wire.recording(request)
    const named = fault.named ?? usual.named
    const done = fault.done ?? (usual.done && !named)
    return {
      ...streamAnswer([...events.map((data) => frame(data, named)), ...(done ? [doneFrame] : [])]),
      ...head(status, headers, 'text/event-stream; charset=utf-8'),
    }
  },
  'play-json': ({ body, status = 200, headers }) => ({
    ...bodyAnswer(status, '', body),
    ...head(status, headers, 'application/json'),
  }),
}

function vendorAnswer(fault: VendorFault, { wire, request }: Call): Answer {
  return wire.error(wire.problemOf(fault, request), request)
}

function statusAnswer(fault: FaultOf<'status'>, { wire, request }: Call): Answer {
  const { status, code, errorType, message, html, body, retryAfter, headers } = fault
  const error = wire.error({ status, code, errorType, message, retryAfter }, request)
  const page = html ? htmlPage(`${status}`) : undefined
  const text = body ?? page
  const own = head(status, headers, page ? 'text/html' : 'application/json')
  return {
    ...(text === undefined ? error : bodyAnswer(status, '', text)),
    ...own,
    headers: [...withoutNames(error.headers, own.headers), ...own.headers],
  }
}

/** Returns the `headers` whose names are not among the `others`. Both are lists of name, value, name, value … */
function withoutNames(headers: readonly string[], others: readonly string[]): readonly string[] {
  return headers.filter((_, index) => !others.includes(headers[index - (index % 2)] ?? ''))
}

/**
 * Returns the status, content type and headers that a fault sets. A `content-type` among its headers replaces
 * `usualType`.
 */
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
