import { Buffer } from 'node:buffer'

const FILLER = 'redacted '

/** Matches base64: images, sound and vectors. Clients decode them, so their placeholder must be base64, too. */
const BASE64 = /^(?:[A-Za-z\d+/]{4}){4,}(?:[A-Za-z\d+/]{2}==|[A-Za-z\d+/]{3}=)?$/

/**
 * Returns a placeholder for the content of a JSON string, with the same number of bytes. The placeholder for base64 is
 * valid base64.
 */
export function fillerFor(raw: string): string {
  if (BASE64.test(raw)) return raw.replaceAll(/[^=]/g, 'A')
  return filler(Buffer.byteLength(raw))
}

/** Returns a placeholder with this number of bytes. It reveals nothing but the length of the text that it replaces. */
export function filler(bytes: number): string {
  return FILLER.repeat(Math.ceil(bytes / FILLER.length)).slice(0, bytes)
}

/** Returns a placeholder for the name of a field. It differs for each `number`, if `bytes` is large enough. */
export function fillerName(bytes: number, number: number): string {
  return `f${number.toString(36)}`.padEnd(bytes, '_').slice(0, bytes)
}
