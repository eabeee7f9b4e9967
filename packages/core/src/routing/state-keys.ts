import type { JsonBody } from '../base/json.ts'
import { identityOf, type Identified } from '../call/identity.ts'
import type { Operation } from '../protocols/protocol.ts'
import type { Provider } from '../targets/providers.ts'
import type { Target } from '../reporting/target.ts'
import { withParams } from '../targets/variant.ts'

// Keys of the state that calls share. They may contain a credential, since copies of a client may have different ones, so they must not
// be shown.

/** The parts of a request on which its rate limits and cooldowns depend. */
export interface Grouped extends Identified {
  readonly url?: string | undefined
  readonly operation?: Operation | undefined
  readonly json?: JsonBody | undefined
}

/**
 * Returns the key under which the state of a target is stored. It includes the base URL, because copies of a client may have different
 * ones.
 */
export function targetKey({ name, baseURL }: Target): string {
  return `${name}\n${baseURL}`
}

/**
 * Returns the key of a quota group: the group of targets that share rate limits at a provider.
 * @param keyGroup identifies the rate limits of the API key; undefined if the provider has one key
 */
export function quotaGroupOf(
  target: Target,
  provider: Provider,
  request: Grouped,
  keyGroup: string | undefined,
): string {
  // A group that the user named is shared by all accounts.
  if (provider.quotaGroup !== undefined) return provider.quotaGroup
  return `${modelGroupOf(target, request)}\n${keyGroup ?? accountOf(provider, request)}`
}

/**
 * Returns the name of the model that has rate limits of its own or, if a whole family of models shares one rate limit, the name of the
 * family.
 */
export function quotaModelOf(
  { name, model, params }: Target,
  { operation }: Pick<Grouped, 'operation'>,
): string {
  if (params) return name // a variant has limits of its own
  return (model === undefined ? undefined : operation?.endpoint.quotaModelOf(model)) ?? name
}

/**
 * Returns the service tier that a request names when it is sent to a target, such as `flex`; undefined if it names none. The parameters of a variant
 * are included.
 */
export function tierAt(target: Target, { operation, json, headers }: Grouped): string | undefined {
  if (!operation || !json) return undefined
  return operation.request.serviceTierOf(withParams(target, json, operation), headers)
}

/** Returns the target's quota group or, if a whole family of models shares one rate limit, the name of the family. */
function modelGroupOf({ provider, model, quotaGroup, params }: Target, { operation }: Grouped): string {
  if (params) return quotaGroup // a variant has limits of its own
  const family = model === undefined ? undefined : operation?.endpoint.quotaModelOf(model)
  return family === undefined || family === model ? quotaGroup : `${provider}/${family}`
}

/**
 * Returns the key of the account that pays for a request. At the client's own provider, the credential in the request identifies the
 * account; at other providers, their configuration does.
 */
export function accountOf(provider: Provider, request: Grouped): string {
  if (!provider.native) return provider.identity
  const { operation, url = '' } = request
  // One `fetch` may serve the SDKs of several vendors, which may have the same name as a provider.
  const vendor = operation?.vendor ?? ''
  return `${vendor}\n${identityOf(request).account}${operation?.endpoint.credentialIn(url) ?? ''}`
}
