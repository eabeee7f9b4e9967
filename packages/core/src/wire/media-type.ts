/**
 * The media type of an answer, in lower case and without parameters, such as `application/json` for `application/json; charset=utf-8`.
 * Empty without a content type.
 */
export function mediaTypeOf(headers: Headers): string {
  return (headers.get('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
}

export function isJsonType(mediaType: string): boolean {
  return mediaType === 'application/json' || mediaType.endsWith('+json')
}

/** Whether the content type of an answer is JSON in UTF-8. Another content type must be replaced, since callers get JSON in UTF-8. */
export function isJsonInUtf8(headers: Headers): boolean {
  return isJsonType(mediaTypeOf(headers)) && !FOREIGN_CHARSET.test(headers.get('content-type') ?? '')
}

const FOREIGN_CHARSET = /;\s*charset\s*=\s*"?(?!utf-?8)/i
