import { identityOf, type Identified } from '../call/identity.ts'
import type { Operation } from '../protocols/protocol.ts'
import type { Provider } from '../targets/providers.ts'
import type { Target } from '../reporting/target.ts'

/** What of a request decides which limits it shares. */
export interface Grouped extends Identified {
  readonly url?: string | undefined
  readonly operation?: Operation | undefined
}

/**
 * Names what shares a provider's limits. It may hold a key, since copies of a client may differ in theirs: it is not to be shown.
 */
export function quotaGroupOf(target: Target, provider: Provider, request: Grouped): string {
  // A group that was given a name is one, whoever belongs to it.
  return provider.quotaGroup ?? `${sharedBy(target, request)}\n${accountAt(provider, request)}`
}

/** Some protocols give a limit to a family of models. */
function sharedBy({ provider, model, quotaGroup }: Target, { operation }: Grouped): string {
  const family = model === undefined ? undefined : operation?.endpoint.quotaModelOf(model)
  return family === undefined || family === model ? quotaGroup : `${provider}/${family}`
}

/** Names the account that a request to a provider is made with. Of the client's own provider, the request brings it along. */
export function accountAt(provider: Provider, request: Grouped): string {
  if (!provider.native) return provider.identity
  const { operation, url = '' } = request
  return identityOf(request).account + (operation?.endpoint.credentialIn(url) ?? '')
}
