import { addressOf } from './address.ts'
import type { OutgoingRequest } from './outgoing-request.ts'
import { UploadStream } from './upload-stream.ts'

/**
 * The request that a redirect asks for, or undefined when the answer is none to follow.
 * The rules are those of the fetch standard, https://fetch.spec.whatwg.org/#http-redirect-fetch.
 */
export function redirected(
  request: OutgoingRequest,
  status: number,
  location: string | undefined,
  hops: number,
): OutgoingRequest | undefined {
  if (!REDIRECTS.has(status) || request.redirect === 'manual') return undefined
  if (request.redirect === 'error')
    throw new Error(`Answered with a redirect (${status}), which redirect: 'error' forbids`)
  if (location === undefined) return undefined
  if (hops >= MOST_HOPS) throw new Error(`Redirected more than ${MOST_HOPS} times`)

  const address = addressOf(location, request.address)
  const asGet = becomesGet(status, request.method)
  const { content } = request.body
  if (!asGet && content !== null && isStream(content))
    throw new Error(`Redirected (${status}) after a body that is a stream, which cannot be sent again`)

  const dropped = [
    ...(asGet ? BODY_HEADERS : []),
    ...(address.origin === request.address.origin ? [] : SECRET_HEADERS),
  ]
  return {
    ...request,
    address,
    method: asGet ? 'GET' : request.method,
    body: asGet ? { content: null } : request.body,
    headers: without(request.headers, new Set(dropped)),
  }
}

const REDIRECTS = new Set([301, 302, 303, 307, 308])
const MOST_HOPS = 20

const BODY_HEADERS = [
  'content-encoding',
  'content-language',
  'content-length',
  'content-location',
  'content-type',
]

/** Not for another origin: what the standard names, and the headers that carry keys of model providers. */
const SECRET_HEADERS = [
  'authorization',
  'proxy-authorization',
  'cookie',
  'host',
  'api-key',
  'x-api-key',
  'x-goog-api-key',
]

function becomesGet(status: number, method: string): boolean {
  if (status === 303) return method !== 'GET' && method !== 'HEAD'
  return (status === 301 || status === 302) && method === 'POST'
}

function isStream(content: object | string): boolean {
  return content instanceof UploadStream || (typeof content === 'object' && 'pipe' in content)
}

function without(headers: readonly string[], dropped: ReadonlySet<string>): string[] {
  const kept: string[] = []
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const [name, value] = [headers[index] ?? '', headers[index + 1] ?? '']
    if (!dropped.has(name)) kept.push(name, value)
  }
  return kept
}
