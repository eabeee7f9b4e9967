import { Buffer } from 'node:buffer'
import type { Chunk, Exchange } from './exchange.ts'
import { redactPath, redactQuery } from './redaction/address.ts'
import { redactHeaders } from './redaction/headers.ts'
import { maskBody } from './redaction/mask-body.ts'
import { Secrets } from './redaction/secrets.ts'
import { forwardedHeaders } from './upstream.ts'
import { matchOf, modelOf, type RequestFacts } from './request-key.ts'

/** A request and its answer as they were sent, before redaction. */
export interface RawExchange {
  /** When the request arrived, in milliseconds since 1970. */
  atMs: number
  request: RequestFacts & { headers: readonly string[] }
  response: {
    status: number
    headers: readonly string[]
    headersAfterMs: number
    contentType: string
    /** The decoded body in pieces. `ms` is the time after the headers, in milliseconds. */
    chunks: readonly { ms: number; bytes: Buffer }[]
    ending: 'whole' | 'cut'
  }
}

export interface RedactionChoices {
  prompts: 'redact' | 'keep'
  answers: 'redact' | 'keep'
}

/**
 * Returns an exchange as it is stored: without secrets and, unless `choices` says `'keep'`, without prompts and
 * answers.
 */
export function makeExchange({ atMs, request, response }: RawExchange, choices: RedactionChoices): Exchange {
  const secrets = new Secrets()
  // Everything that is secret is collected before anything is cleaned of it.
  const requestHeaders = redactHeaders(forwardedHeaders(request.headers, ['host']), secrets)
  const responseHeaders = redactHeaders(response.headers, secrets)
  const path = redactPath(request.path, secrets)
  const query = redactQuery(request.query, secrets)
  const clean = (text: string) => secrets.removeFrom(text)
  const cleanHeaders = (pairs: readonly (readonly [string, string])[]) =>
    pairs.map(([name, value]) => [name, clean(value)] as const)

  return {
    harborTraffic: 1,
    at: new Date(atMs).toISOString(),
    request: {
      method: request.method,
      path: clean(path),
      query: clean(query),
      model: clean(wordOrNothing(modelOf(request))),
      headers: cleanHeaders(requestHeaders),
      body: clean(
        choices.prompts === 'keep' ? textOf(request.body) : maskBody(request.body, request.contentType),
      ),
    },
    match: matchOf(request),
    response: {
      status: response.status,
      headers: cleanHeaders(responseHeaders),
      headersAfterMs: rounded(response.headersAfterMs),
      chunks: storedChunks(response, choices.answers, clean),
      ending: response.ending,
    },
    redacted: { prompts: choices.prompts === 'redact', answers: choices.answers === 'redact' },
  }
}

function storedChunks(
  { chunks, contentType }: RawExchange['response'],
  answers: RedactionChoices['answers'],
  clean: (text: string) => string,
): Chunk[] {
  const body = Buffer.concat(chunks.map(({ bytes }) => bytes))
  // Secrets are searched in the whole body: a chunk may end inside one. The number of bytes stays the same.
  const text = body.toString()
  const isText = Buffer.byteLength(text) === body.length && !text.includes('\uFFFD')
  const stored =
    answers === 'redact'
      ? Buffer.from(clean(maskBody(body, contentType)))
      : isText
        ? Buffer.from(clean(text))
        : body
  let at = 0
  return chunks.map(({ ms, bytes }) => {
    const part = stored.subarray(at, (at += bytes.length))
    const partText = part.toString()
    return Buffer.from(partText).equals(part)
      ? [rounded(ms), partText]
      : [rounded(ms), part.toString('base64'), 'base64']
  })
}

/** Returns a body as text. If it is not text, only its number of bytes is returned. */
function textOf(body: Buffer): string {
  const text = body.toString()
  return Buffer.from(text).equals(body) ? text : `[${body.length} bytes]`
}

function wordOrNothing(model: string): string {
  return /^[\w.:/@+-]{1,128}$/.test(model) ? model : ''
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10
}
