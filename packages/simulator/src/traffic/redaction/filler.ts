import { Buffer } from 'node:buffer'

const FILLER = 'redacted '

/** Images, sound and vectors, which clients decode. */
const BASE64 = /^(?:[A-Za-z\d+/]{4}){4,}(?:[A-Za-z\d+/]{2}==|[A-Za-z\d+/]{3}=)?$/

/** A placeholder for the content of a JSON string, with the same number of bytes. That of base64 is base64. */
export function fillerFor(raw: string): string {
  if (BASE64.test(raw)) return raw.replaceAll(/[^=]/g, 'A')
  return filler(Buffer.byteLength(raw))
}

/** A placeholder of a number of bytes. It says nothing about the text that it replaces but how long that was. */
export function filler(bytes: number): string {
  return FILLER.repeat(Math.ceil(bytes / FILLER.length)).slice(0, bytes)
}

/** A placeholder for the name of a field, different from those before it where the length permits. */
export function fillerName(bytes: number, number: number): string {
  return `f${number.toString(36)}`.padEnd(bytes, '_').slice(0, bytes)
}
