import { resolveAddress } from './address.ts'
import type { OutgoingRequest } from './outgoing-request.ts'
import { UploadStream } from './upload-stream.ts'

/**
 * Returns the request that follows a redirect; undefined if the response is not a redirect, or is not to be followed. Implements the
 * rules of the fetch standard, https://fetch.spec.whatwg.org/#http-redirect-fetch.
 * @param hops the number of redirects that were followed before this one
 * @throws Error for a redirect that cannot or must not be followed
 */
export function requestAfterRedirect(
  request: OutgoingRequest,
  status: number,
  location: string | undefined,
  hops: number,
): OutgoingRequest | undefined {
  if (!REDIRECTS.has(status) || request.redirect === 'manual') return undefined
  if (request.redirect === 'error')
    throw new Error(`Answered with a redirect (${status}), which redirect: 'error' forbids`)
  if (location === undefined) return undefined
  if (hops >= MAX_HOPS) throw new Error(`Redirected more than ${MAX_HOPS} times`)

  const address = resolveAddress(location, request.address)
  const asGet = becomesGet(status, request.method)
  const { content } = request.body
  if (!asGet && content !== null && isStream(content))
    throw new Error(`Redirected (${status}) after a body that is a stream, which cannot be sent again`)

  const isSameOrigin = address.origin === request.address.origin
  const isForwarded = (name: string): boolean =>
    (isSameOrigin || DESCRIPTIVE.test(name)) && !(asGet && BODY.test(name))
  return {
    ...request,
    address,
    method: asGet ? 'GET' : request.method,
    body: asGet ? { content: null } : request.body,
    headers: filterHeaders(request.headers, isForwarded),
  }
}

const REDIRECTS = new Set([301, 302, 303, 307, 308])
const MAX_HOPS = 20

/** The headers that describe the body. They are dropped if the redirected request has no body. */
const BODY = /^content-(?:encoding|language|length|location|type)$/

/**
 * The headers that are still sent after a redirect to another origin. They describe the request and not its sender; any other header may
 * contain a secret.
 */
const DESCRIPTIVE = /^(?:accept|accept-.+|content-encoding|content-language|content-type|user-agent)$/

function becomesGet(status: number, method: string): boolean {
  if (status === 303) return method !== 'GET' && method !== 'HEAD'
  return (status === 301 || status === 302) && method === 'POST'
}

function isStream(content: object | string): boolean {
  return content instanceof UploadStream || (typeof content === 'object' && 'pipe' in content)
}

function filterHeaders(headers: readonly string[], isForwarded: (name: string) => boolean): string[] {
  const kept: string[] = []
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const [name, value] = [headers[index] ?? '', headers[index + 1] ?? '']
    if (isForwarded(name)) kept.push(name, value)
  }
  return kept
}
