import { isRecord, type JsonBody } from '../../base/json.ts'
import { mergedParams } from '../../base/merged-params.ts'
import { copyHeaders } from '../../base/readonly-headers.ts'
import type { EndpointFormat } from '../protocol.ts'
import { modelIn, partsOf, quotaModelOf, resourceFor } from './gemini-url.ts'

/** The API version in an address, if the original request has none in its URL. */
const DEFAULT_VERSION = '/v1beta'
/** The query parameters that carry a credential: https://cloud.google.com/apis/docs/system-parameters. */
const CREDENTIALS = ['key', 'access_token', 'oauth_token', 'api_key']
/** The query parameters that only describe the format of the answer. They are also sent to other providers. */
const CARRIED_PARAMETERS = new Set(['alt', '$alt', 'prettyPrint', '$prettyPrint', 'fields', '$fields'])
const CARRIED_HEADERS = new Set(['x-goog-api-client', 'x-server-timeout'])
/** The prefix of Google's OAuth access tokens, which Vertex takes instead of an API key. */
const ACCESS_TOKEN = 'ya29.'
/** Matches Google's API keys. Vertex takes them too, but expects any other credential to be an access token. */
const API_KEY = /^(?:AIza|AQ\.)/

/** How Gemini requests are addressed and signed: the model and the action are in the path, the key is in a header or in the query. */
export const GEMINI_ENDPOINT: EndpointFormat = {
  rootOf: (url) => partsOf(url)?.root ?? new URL(url).origin,
  withModel(url, from, to) {
    const parts = partsOf(url)
    if (!parts || to === undefined || to === from) return url
    const { root, version, resource, action, query } = parts
    return `${root}${version}${resourceFor(to, resource, root)}:${action}${query}`
  },
  addressAt({ baseURL: given }, url, model) {
    const parts = partsOf(url)
    if (!parts) return given
    const baseURL = withoutModels(given)
    const { version, resource, action, query } = parts
    // At Vertex, the version stands before the project, so the base URL contains it.
    const isVertex = isVertexRoot(baseURL)
    const own = isVertex ? '' : version || DEFAULT_VERSION
    const path = resourceFor(model ?? parts.model, isVertex ? resource : withoutPublisher(resource), baseURL)
    return `${baseURL}${own}${path}:${action}${carriedQuery(query)}`
  },
  signed({ url, headers: given }, { baseURL }, key) {
    const headers = copyHeaders(given)
    const isToken = key.startsWith(ACCESS_TOKEN) || (isVertexRoot(baseURL) && !API_KEY.test(key))
    if (isToken) headers.set('authorization', `Bearer ${key}`)
    else headers.set('x-goog-api-key', key)
    return { url, headers }
  },
  credentialIn(url) {
    const start = url.indexOf('?')
    if (start === -1) return ''
    const parameters = new URLSearchParams(url.slice(start))
    return CREDENTIALS.flatMap((name) => parameters.getAll(name)).join('\n')
  },
  withoutCredential(url) {
    const start = url.indexOf('?')
    if (start === -1) return url
    const kept = parametersIn(url.slice(start)).filter(
      (parameter) => !CREDENTIALS.includes(nameOf(parameter)),
    )
    return url.slice(0, start) + queryOf(kept)
  },
  probeURL(root) {
    const [, vertex] = /^(.*)\/projects\/[^/]+\/locations\/[^/]+$/.exec(withoutModels(root)) ?? []
    return vertex === undefined ? `${root}${DEFAULT_VERSION}/models` : `${vertex}/publishers/google/models`
  },
  carriesHeader: (name) => CARRIED_HEADERS.has(name),
  adaptBody: (body, model) => (model === undefined ? body : withModelInBody(body, model)),
  withParams: withParamsInCamelCase,
  quotaModelOf,
}

/**
 * Adds parameters under their camel-case names. Google's APIs accept both spellings, but not both at once, so a field of the body in the other
 * spelling is renamed.
 */
function withParamsInCamelCase(body: JsonBody, params: JsonBody): JsonBody {
  const named = Object.fromEntries(Object.entries(params).map(([name, value]) => [camelOf(name), value]))
  const own = Object.fromEntries(
    Object.entries(body).map(([name, value]) => [camelOf(name) in named ? camelOf(name) : name, value]),
  )
  return mergedParams(own, named)
}

function camelOf(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

/** Removes Google's models from the end of a root URL of Vertex AI, since the path of each request contains them. */
function withoutModels(root: string): string {
  return root.replace(/\/publishers\/google(?:\/models)?\/*$/, '')
}

function isVertexRoot(root: string): boolean {
  return root.includes('/projects/')
}

/** Removes the publisher from a model's path. Only Vertex AI has publishers. */
function withoutPublisher(resource: string): string {
  return resource.replace(/^\/publishers\/[^/]+/, '')
}

/** Returns the part of a query that is also sent to another provider. It never contains a key. */
function carriedQuery(query: string): string {
  return queryOf(parametersIn(query).filter((parameter) => CARRIED_PARAMETERS.has(nameOf(parameter))))
}

/** Splits a query into its parameters, such as `alt=sse`, without decoding them. */
function parametersIn(query: string): readonly string[] {
  return query.replace(/#.*$/s, '').slice(1).split('&')
}

function nameOf(parameter: string): string {
  const [name = ''] = new URLSearchParams(parameter).keys()
  return name
}

function queryOf(parameters: readonly string[]): string {
  return parameters.length === 0 ? '' : `?${parameters.join('&')}`
}

/**
 * Replaces the model in a body that repeats the model of the URL. It may be in `model`, in each of the `requests` of a batch of embeddings,
 * and in the `generateContentRequest` whose tokens are counted.
 */
function withModelInBody(body: JsonBody, model: string): JsonBody {
  const { model: named, requests, generateContentRequest: counted } = body
  const changed: Record<string, unknown> = {}
  if (typeof named === 'string' && modelIn(named) !== model) changed['model'] = renamed(named, model)
  if (Array.isArray(requests)) {
    const adapted = requests.map((request: unknown) =>
      isRecord(request) ? withModelInBody(request, model) : request,
    )
    if (adapted.some((request, index) => request !== requests[index])) changed['requests'] = adapted
  }
  if (isRecord(counted)) {
    const adapted = withModelInBody(counted, model)
    if (adapted !== counted) changed['generateContentRequest'] = adapted
  }
  return Object.keys(changed).length === 0 ? body : { ...body, ...changed }
}

function renamed(named: string, model: string): string {
  if (model.includes('/')) return model
  return /(?:^|\/)models\//.test(named)
    ? named.slice(0, named.lastIndexOf('/') + 1) + model
    : `models/${model}`
}
