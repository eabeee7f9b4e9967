import type { Exchange } from '../call/exchange.ts'
import type { Operation } from '../protocols/operation.ts'
import type { JsonBody } from '../base/json.ts'
import { copyHeaders, type ReadonlyHeaders } from '../base/readonly-headers.ts'
import { addressForModel } from '../targets/model-in-path.ts'
import { credentialOf } from '../targets/credential.ts'
import { isOpenAI, type Provider } from '../targets/providers.ts'
import type { Target } from '../reporting/target.ts'

/** A request as it is sent to one target. */
export interface AdaptedRequest {
  readonly url: string
  readonly headers: ReadonlyHeaders
  readonly json: JsonBody | undefined
  readonly init: RequestInit
  /** Names the function whose key is added to each attempt; empty when the headers hold the key. */
  readonly credential: string
  /** What was changed beside address and credential, in words. */
  readonly adaptations: readonly string[]
}

/** Of what the caller sent, only this goes to another provider: keys, organizations and cookies stay behind. */
const CARRIED = /^(?:accept|accept-language|content-type|user-agent|x-stainless-.*)$/

/**
 * Rewrites a request for a target: address, credential, model and the parameters that are known to differ.
 * For the client's own provider, address and credential stay as they came, but for a model that stands in the path. A key that a function
 * makes is added to each attempt.
 */
export function adaptRequest(exchange: Exchange, target: Target, provider: Provider): AdaptedRequest {
  const adaptations: string[] = []
  const json = adaptBody(exchange, target, provider, adaptations)
  const init = json === exchange.json ? exchange.init : { ...exchange.init, body: JSON.stringify(json) }
  if (provider.native) {
    const url = addressForModel(exchange.url, modelOf(exchange.json), target.model)
    return { url, headers: exchange.headers, json, init, credential: '', adaptations }
  }
  const url = addressOf(exchange.operation, target, provider)
  const credential = typeof provider.apiKey === 'function' ? credentialOf(provider.apiKey) : ''
  return { url, headers: headersOf(exchange.headers, provider), json, init, credential, adaptations }
}

function modelOf(json: JsonBody | undefined): string | undefined {
  const model = json?.['model']
  return typeof model === 'string' ? model : undefined
}

const PATHS: Partial<Readonly<Record<Operation['name'], string>>> = {
  chat: '/chat/completions',
  completions: '/completions',
  responses: '/responses',
  embeddings: '/embeddings',
}

/** The root of the client's own provider: what stands before the endpoint in the address. */
export function nativeURLOf({ url, operation }: Exchange): string {
  const path = PATHS[operation.name]
  const at = path === undefined ? -1 : url.lastIndexOf(path)
  return at === -1 ? new URL(url).origin : url.slice(0, at)
}

function addressOf({ name }: Operation, { model }: Target, provider: Provider): string {
  const path = PATHS[name] ?? ''
  if (provider.kind === 'openai') return provider.baseURL + path
  const version = `?api-version=${encodeURIComponent(provider.apiVersion)}`
  const deployment = name === 'responses' ? '' : `/deployments/${encodeURIComponent(model ?? '')}`
  return `${provider.baseURL}/openai${deployment}${path}${version}`
}

/** Where a provider lists its models: a request that costs nothing and shows that somebody is there. */
export function modelsURL(baseURL: string, provider: Provider): string {
  return provider.kind === 'azure'
    ? `${baseURL}/openai/models?api-version=${encodeURIComponent(provider.apiVersion)}`
    : `${baseURL}/models`
}

function headersOf(given: ReadonlyHeaders, provider: Provider): Headers {
  const headers = new Headers()
  for (const [name, value] of given) if (CARRIED.test(name)) headers.set(name, value)
  for (const [name, value] of Object.entries(provider.headers)) headers.set(name, value)
  const { apiKey } = provider
  return typeof apiKey === 'string' ? withKey(headers, provider, apiKey) : headers
}

/** The headers with a provider's key, in the way of that provider. */
export function withKey(given: ReadonlyHeaders, { kind }: Provider, key: string): Headers {
  const headers = copyHeaders(given)
  if (kind === 'azure') headers.set('api-key', key)
  else headers.set('authorization', `Bearer ${key}`)
  return headers
}

function adaptBody(
  { json, operation }: Exchange,
  target: Target,
  provider: Provider,
  adaptations: string[],
): JsonBody | undefined {
  if (!json) return json
  let body = json
  if (target.model !== undefined && body['model'] !== target.model) body = { ...body, model: target.model }
  // What goes where its caller sent it has the names that its caller chose.
  if (operation.name === 'chat' && !(provider.native && body === json)) {
    body = withMaxTokens(body, target, provider, adaptations)
  }
  for (const name of provider.dropParams) {
    if (!(name in body)) continue
    const { [name]: _dropped, ...rest } = body
    body = rest
    adaptations.push(`dropped ${name}`)
  }
  return body
}

/** Models that think refuse the old name at OpenAI; many others know only that. */
function withMaxTokens(body: JsonBody, target: Target, provider: Provider, adaptations: string[]): JsonBody {
  const wanted = provider.maxTokensParam ?? maxTokensNameFor(target, provider)
  const other = wanted === 'max_tokens' ? 'max_completion_tokens' : 'max_tokens'
  if (wanted === undefined || body[other] == null) return body
  const { [other]: limit, ...rest } = body
  adaptations.push(`${other} sent as ${wanted}`)
  return { ...rest, [wanted]: rest[wanted] ?? limit }
}

function maxTokensNameFor({ model = '' }: Target, provider: Provider): AdaptedName {
  if (provider.kind === 'openai' && !isOpenAI(provider.baseURL)) return 'max_tokens'
  return /^(?:o\d|gpt-5)/.test(model) ? 'max_completion_tokens' : undefined
}

type AdaptedName = Provider['maxTokensParam']
