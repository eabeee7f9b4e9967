import type { JsonBody } from '../base/json.ts'
import type { ReadonlyHeaders } from '../base/readonly-headers.ts'
import type { Exchange } from '../call/exchange.ts'
import type { Target } from '../reporting/target.ts'
import { credentialOf } from '../targets/credential.ts'
import { formatOf, type Provider } from '../targets/providers.ts'
import { linesOf } from '../targets/twins.ts'
import { replacedFields, withParams } from '../targets/variant.ts'

/** A request, rewritten for one target. */
export interface AdaptedRequest {
  readonly url: string
  readonly headers: ReadonlyHeaders
  readonly json: JsonBody | undefined
  readonly init: RequestInit
  /** Identifies the function or the list whose key is added later, for each attempt. Empty if no key is added later. */
  readonly credential: string
  /** The changes made to the request, other than address and credential, in words. */
  readonly adaptations: readonly string[]
}

/**
 * Matches the caller's headers that are sent to other providers too. The protocol of a request may allow some more. Keys, organizations and
 * cookies are never among them.
 */
const CARRIED = /^(?:accept|accept-language|content-type|user-agent|x-stainless-.*)$/

/**
 * Rewrites a request for a target: its address, credential and model, and the parameters that are known to differ. If the target is at the
 * client's own provider, address and credential stay unchanged; only a model in the address is replaced. A key that comes from a function
 * or a list is added later, for each attempt.
 */
export function adaptRequest(exchange: Exchange, target: Target, provider: Provider): AdaptedRequest {
  const { operation, url } = exchange
  const adaptations: string[] = []
  const json = adaptBody(exchange, target, provider, adaptations)
  const init = json === exchange.json ? exchange.init : { ...exchange.init, body: JSON.stringify(json) }
  if (provider.native) {
    const requested = operation.request.modelOf(url, exchange.json)
    const address = operation.endpoint.withModel(url, requested, target.model)
    return { url: address, headers: exchange.headers, json, init, credential: '', adaptations }
  }
  const { keys, apiKey } = provider
  const credential = keys?.identity ?? (typeof apiKey === 'function' ? credentialOf(apiKey) : '')
  return { ...addressed(exchange, target, provider), json, init, credential, adaptations }
}

/** Makes the URL and headers of a request to a provider other than the client's own. */
function addressed(
  { operation, url, headers: given, streaming }: Exchange,
  { model }: Target,
  provider: Provider,
): Pick<AdaptedRequest, 'url' | 'headers'> {
  const { endpoint } = operation
  const format = formatOf(provider, operation)
  const headers = new Headers()
  for (const [name, value] of given)
    if (CARRIED.test(name) || endpoint.carriesHeader(name)) headers.set(name, value)
  for (const [name, value] of Object.entries(provider.headers)) headers.set(name, value)
  const request = { url: endpoint.addressAt(format, url, model, streaming), headers }
  const { apiKey, keys } = provider
  // One of several keys is chosen later, for each attempt.
  return typeof apiKey === 'string' && !keys ? endpoint.signed(request, format, apiKey) : request
}

function adaptBody(
  { json, operation, streaming }: Exchange,
  target: Target,
  provider: Provider,
  adaptations: string[],
): JsonBody | undefined {
  if (!json) return json
  const format = formatOf(provider, operation)
  const given = withParams(target, json, operation)
  for (const name of given === json ? [] : replacedFields(json, given)) adaptations.push(`replaced ${name}`)
  let body = operation.endpoint.adaptBody(given, target.model, format, adaptations, streaming)
  for (const name of provider.dropParams) {
    if (!(name in body)) continue
    const { [name]: _dropped, ...rest } = body
    body = rest
    adaptations.push(`dropped ${name}`)
  }
  return body
}

/** Whether two requests have the same URL, credential, headers and body. */
export function isSameRequest(one: AdaptedRequest, other: AdaptedRequest): boolean {
  return (
    one.url === other.url &&
    one.credential === other.credential &&
    one.init.body === other.init.body &&
    linesOf(one.headers) === linesOf(other.headers)
  )
}
