import { isUtf8 } from 'node:buffer'

/**
 * Decodes the text of a body. A body that begins like UTF-16 is decoded as UTF-16, and one that is valid UTF-8 as UTF-8. The charset in the
 * content type applies only to other bodies. Bytes that cannot be decoded are replaced by U+FFFD.
 */
export function decodeText(bytes: Buffer, contentType: string | null): string {
  const utf16 = utf16Of(bytes)
  if (utf16) return decodeAs(utf16, bytes) ?? bytes.toString('utf8')
  const charset = contentType === null ? undefined : CHARSET.exec(contentType)?.[1]
  if (charset !== undefined && !/^(?:utf-?8|us-ascii)$/i.test(charset) && !isUtf8(bytes)) {
    const text = decodeAs(charset, bytes)
    if (text !== undefined) return text
  }
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
  return bytes.toString('utf8', hasMark ? 3 : 0)
}

const CHARSET = /;\s*charset\s*=\s*"?([\w.:-]+)/i

/** Recognises UTF-16 by its byte order mark or, without one, by a zero byte in the first two bytes. Undefined for any other encoding. */
function utf16Of([first, second]: Buffer): 'utf-16le' | 'utf-16be' | undefined {
  if (first === 0xff && second === 0xfe) return 'utf-16le'
  if (first === 0xfe && second === 0xff) return 'utf-16be'
  if (first === undefined || second === undefined || (first === 0) === (second === 0)) return undefined
  return second === 0 ? 'utf-16le' : 'utf-16be'
}

/** Decodes bytes in the given charset. Undefined for an unknown charset. */
function decodeAs(charset: string, bytes: Buffer): string | undefined {
  try {
    return new TextDecoder(charset).decode(bytes)
  } catch {
    return undefined
  }
}
