/**
 * The kind of a body, judged by its first characters, because its content type may be wrong. `events`: server-sent events. `page`: a web
 * page, or other XML.
 */
export type BodyKind = 'events' | 'json' | 'page' | 'empty' | 'other'

const KINDS: readonly (readonly [kind: BodyKind, start: RegExp])[] = [
  ['empty', /^\s*$/],
  ['events', /^\s*(?:(?:data|event|id|retry|error)[ \t]*:|:)/],
  ['json', /^\s*[[{]/],
  ['page', /^\s*</],
]

/**
 * Finds the kind of a body.
 * @param text at least the beginning of the body
 */
export function bodyKindOf(text: string): BodyKind {
  const start = text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text
  return KINDS.find(([, pattern]) => pattern.test(start))?.[0] ?? 'other'
}

const BYTE_ORDER_MARK = 0xfeff

/**
 * Describes a body of the wrong kind, as the end of a sentence, such as "with a web page".
 * @param expectsStream whether a stream of events was expected, rather than a JSON object
 */
export function inWords(kind: BodyKind, expectsStream: boolean): string {
  if (kind === 'page') return 'with a web page'
  if (kind === 'empty') return 'with an empty body'
  if (kind === 'events' && !expectsStream) return 'with a stream of events'
  if (kind === 'json' && expectsStream) return 'with JSON'
  return expectsStream ? 'with a body that is no stream of events' : 'with a body that is not a JSON object'
}

/**
 * Returns the media type of an answer, in lower case and without parameters, such as `application/json` for
 * `application/json; charset=utf-8`. Empty without a content type.
 */
export function mediaTypeOf(headers: Headers): string {
  return (headers.get('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
}

export function isJsonType(mediaType: string): boolean {
  return mediaType === 'application/json' || mediaType.endsWith('+json')
}

/**
 * Whether the content type of an answer is JSON in UTF-8. Any other content type must be replaced, because Harbor passes JSON on in UTF-8.
 */
export function isJsonInUtf8(headers: Headers): boolean {
  return isJsonType(mediaTypeOf(headers)) && !FOREIGN_CHARSET.test(headers.get('content-type') ?? '')
}

const FOREIGN_CHARSET = /;\s*charset\s*=\s*"?(?!utf-?8)/i
