import { OptionError } from '../base/errors.ts'
import type { Chains } from '../options/options.ts'
import { VENDOR_OF_PROTOCOL } from '../protocols/vendors.ts'
import { EVERY_MODEL, type ChainNames } from './chains.ts'
import { NATIVE, type Provider } from './providers.ts'

/** Facts about the calls of a client that are known before its first call. */
interface KnownCalls extends ChainNames {
  /**
   * Whether calls may use the protocols of all vendors, as through `createHarborFetch()`. Calls of the OpenAI client use only OpenAI's
   * protocols.
   */
  readonly ofAllVendors: boolean
}

/**
 * Refuses a target that can never take over, because its provider serves no protocol that a call of the requested model may use.
 * @param option the name of the option, for messages
 * @throws OptionError naming the target and what its provider serves
 */
export function refuseUnserved(option: string, chains: Chains | undefined, calls: KnownCalls): void {
  const lists = Array.isArray(chains) ? { [EVERY_MODEL]: chains } : (chains ?? {})
  for (const [requested, chain] of Object.entries(lists) as [string, readonly string[]][]) {
    const possible = possibleProtocols(requested, calls)
    for (const name of chain) {
      const provider = namedProvider(name, calls)
      if (!provider || provider.native || possible.length === 0) continue
      if (possible.some((protocol) => provider.formats.has(protocol))) continue
      throw new OptionError(
        option,
        `${option}['${requested}'] names ${name}, which can never take over: providers.${provider.name} serves ` +
          `${[...provider.formats.keys()].join(', ') || 'no protocol'}, and the call is one of ${possible.join(', ')}. ` +
          `Give it an address for one of them in \`endpoints\`, or take it out.`,
      )
    }
  }
}

/** Returns the protocols that a call of this model may use; none if that is not known. */
function possibleProtocols(requested: string, calls: KnownCalls): readonly string[] {
  const { providers, defaultProvider, ofAllVendors } = calls
  const callable = [...VENDOR_OF_PROTOCOL]
    .filter(([, vendor]) => ofAllVendors || vendor === NATIVE)
    .map(([protocol]) => protocol)
  const named = namedProvider(requested, calls)
  // A model without a provider is one of the provider that the call is addressed to, which may be of any vendor.
  if (!named && ofAllVendors) return []
  const provider = named ?? (requested === EVERY_MODEL ? undefined : providers.get(defaultProvider))
  return provider ? callable.filter((protocol) => provider.formats.has(protocol)) : callable
}

function namedProvider(name: string, { providers }: ChainNames): Provider | undefined {
  const slash = name.indexOf('/')
  return slash === -1 ? undefined : providers.get(name.slice(0, slash))
}
