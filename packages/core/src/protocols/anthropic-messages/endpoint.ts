import type { JsonBody } from '../../base/json.ts'
import { copyHeaders } from '../../base/readonly-headers.ts'
import type { EndpointFormat } from '../protocol.ts'
import { rootOf, withModelInPath } from './address.ts'

/**
 * The version for requests that name none, because they were made for Vertex AI, which has it in the body instead. Its only version there
 * corresponds to this one. A version that the caller names is never replaced.
 */
const VERSION = '2023-06-01'
const CARRIED = new Set(['anthropic-version', 'anthropic-beta'])

/**
 * How requests to an endpoint of the Messages API are addressed and signed.
 * @param path the end of the endpoint's path
 */
export function messagesEndpoint(path: string): EndpointFormat {
  return {
    rootOf,
    withModel: (url, _from, to) => (to === undefined ? url : withModelInPath(url, to)),
    addressAt: ({ baseURL }, url) => `${apiRoot(baseURL)}${path}${isBeta(url) ? '?beta=true' : ''}`,
    signed({ url, headers: given }, { kind }, key) {
      const headers = copyHeaders(given)
      if (!headers.has('anthropic-version')) headers.set('anthropic-version', VERSION)
      if (kind === 'anthropic') headers.set('x-api-key', key)
      else headers.set('authorization', `Bearer ${key}`)
      return { url, headers }
    },
    credentialIn: () => '',
    withoutCredential: (url) => url,
    probeURL: (root) => `${apiRoot(root)}/v1/models`,
    carriesHeader: (name) => CARRIED.has(name),
    adaptBody(body, model, { native }) {
      // At the caller's own provider, a request without a model has it in its URL.
      const isNamed = 'model' in body || !native
      const named = model === undefined || !isNamed || body['model'] === model ? body : { ...body, model }
      return native ? named : withoutVersion(named)
    },
    quotaModelOf: familyOf,
  }
}

/** A base URL without the version at its end, which Anthropic's SDK adds to it. */
function apiRoot(baseURL: string): string {
  return baseURL.replace(/\/+$/, '').replace(/\/v1$/, '')
}

function isBeta(url: string): boolean {
  return /[?&]beta=true(?:[&#]|$)/.test(url)
}

/** Removes the version that Vertex AI takes in the body, and other servers refuse there. */
function withoutVersion(body: JsonBody): JsonBody {
  if (!('anthropic_version' in body)) return body
  const { anthropic_version: _version, ...rest } = body
  return rest
}

/**
 * The families whose models share rate limits at Anthropic, by the beginning of their names: https://platform.claude.com/docs/en/api/rate-limits.
 * Every other model has limits of its own.
 */
const FAMILIES = /^claude-(?:opus-4|sonnet-4|fable-5)(?=-|$)/
/** What comes before the model's name at Amazon Bedrock and at routers: `us.anthropic.`, `anthropic/`. */
const PREFIX = /^(?:[a-z-]+\.)?anthropic[./]/
/** The date of a version, and what Amazon Bedrock and Vertex AI add to it: `-20250929-v1:0`, `@20250929`, `-latest`. */
const EDITION = /(?:[-@](?:\d{8}|latest|default))?(?:-v\d+(?::\d+)?)?(?:@[\w.-]+)?$/

/** The name under which a model shares rate limits with others: that of its family, or its own without the date of its version. */
function familyOf(model: string): string {
  const name = model.replace(PREFIX, '').replace(EDITION, '')
  if (!name.startsWith('claude-')) return model
  return FAMILIES.exec(name)?.[0] ?? name
}
