import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { pairsOf } from './redaction/headers.ts'

/** Headers that concern one connection, not the message: RFC 9110, section 7.6.1. */
const HOP_BY_HOP: ReadonlySet<string> = new Set(
  'connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer transfer-encoding upgrade'.split(
    ' ',
  ),
)

/**
 * Returns headers without those that concern one connection, and without those named in `others`. Headers are lists of
 * name, value, name, value …
 */
export function forwardedHeaders(raw: readonly string[], others: readonly string[] = []): string[] {
  return pairsOf(raw)
    .filter(([name]) => !HOP_BY_HOP.has(name.toLowerCase()) && !others.includes(name.toLowerCase()))
    .flat()
}

export interface ForwardedRequest {
  method: string
  /** The path and query, unchanged. */
  url: string
  /** The headers as name, value, name, value … */
  headers: readonly string[]
  body: Buffer
}

/** Sends a request to the origin of the upstream. The answer is not decoded, and redirects are not followed. */
export function forward(
  upstream: URL,
  { method, url, headers, body }: ForwardedRequest,
  onResponse: (response: IncomingMessage) => void,
): ClientRequest {
  const send = upstream.protocol === 'https:' ? httpsRequest : httpRequest
  const request = send(
    {
      protocol: upstream.protocol,
      // Of `[::1]` the address.
      hostname: upstream.hostname.replace(/^\[|\]$/g, ''),
      port: upstream.port,
      method,
      path: url,
      headers: [
        ...forwardedHeaders(headers, ['host', 'accept-encoding', 'content-length', 'expect']),
        'host',
        upstream.host,
        // In an encoding, the chunks of a stream have no bounds.
        'accept-encoding',
        'identity',
        ...(body.length > 0 || /^(?:POST|PUT|PATCH)$/.test(method)
          ? ['content-length', String(body.length)]
          : []),
      ],
    },
    onResponse,
  )
  request.end(body)
  return request
}
