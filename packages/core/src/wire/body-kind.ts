/** What a body is, whatever its content type says: the label is a hint, the first bytes decide. */
export type BodyKind = 'events' | 'json' | 'page' | 'empty' | 'other'

const KINDS: readonly (readonly [kind: BodyKind, start: RegExp])[] = [
  ['empty', /^\s*$/],
  ['events', /^\s*(?:(?:data|event|id|retry|error)[ \t]*:|:)/],
  ['json', /^\s*[[{]/],
  ['page', /^\s*</],
]

export function bodyKindOf(text: string): BodyKind {
  const start = text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text
  return KINDS.find(([, pattern]) => pattern.test(start))?.[0] ?? 'other'
}

const BYTE_ORDER_MARK = 0xfeff

/** What is wrong with a body of that kind, as the end of a sentence. */
export function inWords(kind: BodyKind, expectsStream: boolean): string {
  if (kind === 'page') return 'with a web page'
  if (kind === 'empty') return 'with an empty body'
  if (kind === 'events' && !expectsStream) return 'with a stream of events'
  if (kind === 'json' && expectsStream) return 'with JSON'
  return expectsStream ? 'with a body that is no stream of events' : 'with a body that is not a JSON object'
}
