import { Buffer } from 'node:buffer'
import { filler } from './filler.ts'
import { type JsonTexts, maskJson } from './mask-json.ts'

/** Matches the comments that servers send to keep a connection open. */
const KEEP_ALIVE = /^: ?(?:keep-alive|ping|OPENROUTER PROCESSING)?$/

/**
 * Redacts the body of a request or of an answer. The result has the same number of bytes, so that it can be split into the chunks in which
 * the body arrived.
 *
 * @param contentType is only used to recognise server-sent events
 */
export function maskBody(body: Buffer, contentType: string): string {
  const text = body.toString()
  // Sound, images and other bytes that are no text.
  if (Buffer.byteLength(text) !== body.length || text.includes('\uFFFD')) return filler(body.length)
  if (/^text\/event-stream\b/i.test(contentType) || /^(?:event|data|id|retry)?:/.test(text))
    return maskEvents(text)
  return /^\s*[[{]/.test(text) ? maskJson(text) : filler(body.length)
}

function maskEvents(text: string): string {
  const texts: JsonTexts = new Map()
  return text.replaceAll(/[^\r\n]+/g, (line) => maskLine(line, texts))
}

function maskLine(line: string, texts: JsonTexts): string {
  if (KEEP_ALIVE.test(line)) return line
  const [, name = '', value = ''] = /^(event: ?|data: ?|id: ?|retry: ?|: ?)?(.*)$/s.exec(line) ?? []
  if (name.startsWith('data')) {
    if (value === '[DONE]') return line
    return name + (/^\s*[[{]/.test(value) ? maskJson(value, texts) : filler(Buffer.byteLength(value)))
  }
  const isWord = /^(?:event|retry)/.test(name) && /^[\w.]{1,64}$/.test(value)
  // An error of a proxy may follow the events as plain JSON.
  if (name === '' && value.startsWith('{')) return maskJson(value)
  return isWord ? line : name + filler(Buffer.byteLength(value))
}
