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

  const isSameOrigin = address.origin === request.address.origin
  const goesAlong = (name: string): boolean =>
    (isSameOrigin || DESCRIPTIVE.test(name)) && !(asGet && BODY.test(name))
  return {
    ...request,
    address,
    method: asGet ? 'GET' : request.method,
    body: asGet ? { content: null } : request.body,
    headers: only(request.headers, goesAlong),
  }
}

const REDIRECTS = new Set([301, 302, 303, 307, 308])
const MOST_HOPS = 20

const BODY = /^content-(?:encoding|language|length|location|type)$/

/** Goes along to another origin: it says what the request wants and is, not who sends it. Any other header may be a key. */
const DESCRIPTIVE = /^(?:accept|accept-.+|content-encoding|content-language|content-type|user-agent)$/

function becomesGet(status: number, method: string): boolean {
  if (status === 303) return method !== 'GET' && method !== 'HEAD'
  return (status === 301 || status === 302) && method === 'POST'
}

function isStream(content: object | string): boolean {
  return content instanceof UploadStream || (typeof content === 'object' && 'pipe' in content)
}

function only(headers: readonly string[], goesAlong: (name: string) => boolean): string[] {
  const kept: string[] = []
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const [name, value] = [headers[index] ?? '', headers[index + 1] ?? '']
    if (goesAlong(name)) kept.push(name, value)
  }
  return kept
}
