/** `application/json` of `application/json; charset=utf-8`; empty when the answer names none. */
export function mediaTypeOf(headers: Headers): string {
  return (headers.get('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
}

export function isJsonType(mediaType: string): boolean {
  return mediaType === 'application/json' || mediaType.endsWith('+json')
}

/** Whether an answer is labelled as the JSON that callers get, which is always UTF-8. */
export function isJsonInUtf8(headers: Headers): boolean {
  return isJsonType(mediaTypeOf(headers)) && !FOREIGN_CHARSET.test(headers.get('content-type') ?? '')
}

const FOREIGN_CHARSET = /;\s*charset\s*=\s*"?(?!utf-?8)/i
