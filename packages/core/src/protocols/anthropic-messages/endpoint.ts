import type { JsonBody } from '../../base/json.ts'
import { copyHeaders } from '../../base/readonly-headers.ts'
import type { EndpointFormat } from '../protocol.ts'
import { COUNT_PATH, rootOf, vertexAddress, vertexRootOf, withModelInPath } from './address.ts'
import { familyOf, whyUnable } from './serving.ts'

/**
 * The API version that is added to requests without a version header. Such requests were made for Vertex AI, which takes its version in the
 * body; its only version corresponds to this one. A version that the caller sets is never replaced.
 */
const VERSION = '2023-06-01'
/** The API version that Vertex AI expects in the body. */
const VERTEX_VERSION = 'vertex-2023-10-16'
const CARRIED = new Set(['anthropic-version', 'anthropic-beta'])

/**
 * Makes the rules by which requests to an endpoint of the Messages API are addressed and signed.
 * @param path the end of the endpoint's path
 */
export function messagesEndpoint(path: string): EndpointFormat {
  const counts = path === COUNT_PATH
  return {
    rootOf,
    withModel: (url, _from, to) => (to === undefined ? url : withModelInPath(url, to)),
    addressAt({ baseURL }, url, model, streaming = false) {
      const vertex = vertexRootOf(baseURL)
      if (vertex !== undefined) return vertexAddress(vertex, counts ? undefined : (model ?? ''), streaming)
      return `${apiRoot(baseURL)}${path}${isBeta(url) ? '?beta=true' : ''}`
    },
    signed({ url, headers: given }, { kind, baseURL }, key) {
      const headers = copyHeaders(given)
      if (!headers.has('anthropic-version')) headers.set('anthropic-version', VERSION)
      if (kind === 'anthropic' && vertexRootOf(baseURL) === undefined) headers.set('x-api-key', key)
      else headers.set('authorization', `Bearer ${key}`)
      return { url, headers }
    },
    credentialIn: () => '',
    withoutCredential: (url) => url,
    probeURL(root) {
      const vertex = vertexRootOf(root)
      if (vertex === undefined) return `${apiRoot(root)}/v1/models`
      return `${vertex.replace(/\/projects\/.*$/, '')}/publishers/anthropic/models`
    },
    carriesHeader: (name) => CARRIED.has(name),
    whyUnable,
    adaptBody(body, model, { native, baseURL }, _adaptations, streaming = false) {
      if (!native && vertexRootOf(baseURL) !== undefined) return forVertex(body, model, counts)
      // At the caller's own provider, a request without a model has it in its URL.
      const isNamed = 'model' in body || !native
      const named = model === undefined || !isNamed || body['model'] === model ? body : { ...body, model }
      return native ? named : withoutVersion(withStream(named, streaming))
    },
    quotaModelOf: familyOf,
  }
}

/** Removes the version `/v1` from the end of a base URL, since the path of each endpoint begins with it. */
function apiRoot(baseURL: string): string {
  return baseURL.replace(/\/+$/, '').replace(/\/v1$/, '')
}

function isBeta(url: string): boolean {
  return /[?&]beta=true(?:[&#]|$)/.test(url)
}

/**
 * Puts the version of Vertex AI into a body, unless it has one.
 * @param counts whether the request counts tokens. Only then the body names the model; otherwise the URL does.
 */
function forVertex(body: JsonBody, model: string | undefined, counts: boolean): JsonBody {
  const { model: named, ...others } = body
  return { anthropic_version: VERTEX_VERSION, ...(counts && { model: model ?? named }), ...others }
}

/** Puts the wish for a stream into a body. At Vertex AI, the URL alone may express it. */
function withStream(body: JsonBody, streaming: boolean): JsonBody {
  return streaming && body['stream'] !== true ? { ...body, stream: true } : body
}

/** Removes the version from the body. Vertex AI takes it there, but other servers refuse it. */
function withoutVersion(body: JsonBody): JsonBody {
  if (!('anthropic_version' in body)) return body
  const { anthropic_version: _version, ...rest } = body
  return rest
}
