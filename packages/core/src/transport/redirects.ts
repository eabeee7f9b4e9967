import { RedirectRefusedError } from '../base/errors.ts'
import type { ReadonlyHeaders } from '../base/readonly-headers.ts'
import { isRedirectStatus } from '../verdict/verdict.ts'
import { chunksOf } from '../wire/chunks-of.ts'

/** A request that was answered with a redirect. */
export interface RedirectedRequest {
  readonly url: string
  readonly method: string
  readonly headers: ReadonlyHeaders
  /** Whether the body can be sent again. */
  readonly replayable: boolean
  /** The option `redirect` that the caller passed to `fetch`. @default 'follow' */
  readonly redirect: RequestInit['redirect'] | undefined
}

/** Sends the same request to another URL, with these headers. */
export type Resend = (url: string, headers: ReadonlyHeaders) => Promise<Response>

/** Whether a response is a redirect. A browser hides the status of a redirect, and sets the type `opaqueredirect`. */
export function isRedirect(response: Response): boolean {
  return isRedirectStatus(response.status) || response.type === 'opaqueredirect'
}

/**
 * Follows the redirects of an API call, more strictly than `fetch` does. Secrets are not sent to another origin. A redirect is refused if
 * it leads from https to http, or would turn a POST into a GET.
 * @param onRedirect called before each further request; throws if no further request is allowed
 * @returns the first response that is no redirect; the redirect itself with `redirect: 'manual'`
 * @throws RedirectRefusedError
 */
export async function followRedirects(
  answer: Response,
  request: RedirectedRequest,
  resend: Resend,
  onRedirect: () => void = () => undefined,
): Promise<Response> {
  if (request.redirect === 'manual') return answer
  let { url, headers } = request
  let response = answer
  for (let hops = 1; isRedirect(response); hops++) {
    const location = response.headers.get('location')
    if (location === null && response.type !== 'opaqueredirect') return response
    discard(response)
    if (request.redirect === 'error') {
      throw new RedirectRefusedError(`was redirected (${response.status}), which redirect: 'error' forbids`)
    }
    const from = new URL(url)
    const to = targetOf(response, location, from, request)
    if (hops > MAX_HOPS) throw new RedirectRefusedError(`was redirected more than ${MAX_HOPS} times`)
    onRedirect()
    if (to.origin !== from.origin) headers = withoutSecrets(headers)
    url = to.href
    response = await resend(url, headers)
  }
  return response
}

/** The maximum number of redirects of one attempt. An API rarely needs more than one. */
const MAX_HOPS = 5

function targetOf(
  { status, type }: Response,
  location: string | null,
  from: URL,
  { method, replayable }: RedirectedRequest,
): URL {
  const to = location === null ? null : URL.parse(location, from.href)
  if (type === 'opaqueredirect') {
    throw new RedirectRefusedError('was redirected, and the fetch in use does not show where to')
  }
  if (!to || !/^https?:$/.test(to.protocol) || to.username !== '' || to.password !== '') {
    throw new RedirectRefusedError(`was redirected (${status}) to an address that cannot be called`)
  }
  if (from.protocol === 'https:' && to.protocol === 'http:') {
    throw new RedirectRefusedError(`was redirected (${status}) from https to http`)
  }
  if (becomesGet(status, method)) {
    throw new RedirectRefusedError(`was redirected (${status}) in a way that turns ${method} into GET`)
  }
  if (!replayable) {
    throw new RedirectRefusedError(`was redirected (${status}), and its body cannot be sent again`)
  }
  return to
}

/** Whether `fetch` would turn the request into a GET at a redirect. Source: https://fetch.spec.whatwg.org/#http-redirect-fetch */
function becomesGet(status: number, method: string): boolean {
  if (status === 303) return method !== 'GET' && method !== 'HEAD'
  return (status === 301 || status === 302) && method === 'POST'
}

/**
 * Matches the headers that may be sent to another origin, because they describe the request and not its sender. Any other header may be a
 * secret.
 */
const PUBLIC_HEADERS = /^(?:accept|accept-.+|content-type|user-agent)$/

function withoutSecrets(given: ReadonlyHeaders): Headers {
  const headers = new Headers()
  for (const [name, value] of given) if (PUBLIC_HEADERS.test(name)) headers.append(name, value)
  return headers
}

/** The maximum number of bytes of a redirect's body that are read so that its connection can be used again. */
const MAX_DISCARDED_BYTES = 65_536

/**
 * Reads a body to its end, so that its connection can be used again. Returns at once, because the next request may use another connection.
 */
function discard(response: Response): void {
  const read = async (): Promise<void> => {
    const source = chunksOf(response)
    let length = 0
    for (let next = await source.next(); next.done !== true; next = await source.next()) {
      length += next.value.length
      if (length <= MAX_DISCARDED_BYTES) continue
      await source.return?.()
      return
    }
  }
  read().catch(() => undefined)
}
