import type { ClientOptions } from 'openai'
import { OptionError } from '../base/errors.ts'
import {
  NATIVE,
  nativeProvider,
  OPENAI_URL,
  residencyURL,
  settleProvider,
  type Provider,
} from '../targets/providers.ts'
import { defaultBaseURL, VENDOR_NAMES, type Vendor } from '../protocols/vendors.ts'
import type { HarborOptions } from '../options/options.ts'
import type { ProviderOptions } from '../options/provider-options.ts'
import { checkProvider, hasOnlySettings, isVendor } from './check-provider.ts'
import { firstKeyOf } from '../targets/credential.ts'

export interface SettledProviders {
  readonly providers: ReadonlyMap<string, Provider>
  readonly defaultProvider: string
  /** The default provider for the protocols of each vendor. A vendor that is missing has `defaultProvider`. */
  readonly defaultOfVendor: ReadonlyMap<string, string>
  /** The names of the entries that are not used, because they have no key. */
  readonly leftOut: readonly string[]
  /** The key and base URL of the entry `openai`, for the SDK. */
  readonly sdk: Pick<ClientOptions, 'apiKey' | 'baseURL'>
}

/** A placeholder for the key of an SDK client whose calls all go to other providers. The SDK refuses to be created without a key. */
const UNUSED_KEY = 'unused'

/**
 * Checks the entries of `providers` and fills in the defaults. Also chooses the default provider, which serves the models whose names
 * contain no provider. It is the client's own provider if that has a key, else the first entry with a key.
 * @param isFetch whether the options are for `createHarborFetch()`, whose requests come with their own address and key
 * @throws OptionError naming the entry and the problem
 */
export function settleProviders(options: HarborOptions, isFetch: boolean): SettledProviders {
  const entries: Entries = options.providers ?? {}
  for (const [name, entry] of Object.entries(entries)) if (entry) checkProvider(name, entry, isFetch)
  return isFetch ? settleForFetch(entries) : settleForClient(options, entries)
}

type Entries = Readonly<Record<string, ProviderOptions | undefined>>

function settleForClient(options: HarborOptions, entries: Entries): SettledProviders {
  const own = entries[NATIVE]
  if (own) refuseContradictions(options, own)
  const { settled, leftOut } = settleEntries(entries, (name) => name === NATIVE)
  const providers = new Map<string, Provider>()
  const apiKey = options.apiKey ?? own?.apiKey ?? process.env['OPENAI_API_KEY']
  const { dataResidency } = options
  const residency = dataResidency == null ? undefined : residencyURL(dataResidency)
  const baseURL = options.baseURL ?? residency ?? own?.baseURL ?? process.env['OPENAI_BASE_URL']
  const [first] = settled.keys()
  const isNative = apiKey != null || first === undefined
  if (isNative) providers.set(NATIVE, nativeProvider(NATIVE, baseURL || OPENAI_URL, own))
  else if (own) leftOut.push(NATIVE)
  for (const [name, provider] of settled) providers.set(name, provider)
  return {
    providers,
    defaultProvider: isNative ? NATIVE : first,
    defaultOfVendor: new Map(),
    leftOut,
    sdk: {
      ...(own?.apiKey != null && { apiKey: firstKeyOf(own.apiKey) }),
      ...(!isNative && { apiKey: UNUSED_KEY }),
      ...(own?.baseURL !== undefined && { baseURL: own.baseURL }),
    },
  }
}

/**
 * Makes the providers of `createHarborFetch()`: those of the entries, and one to which requests are addressed. The latter has the name of
 * the vendor of the requests' protocol. If an entry with that name has an address or a key of its own, it is named `client` instead.
 */
function settleForFetch(entries: Entries): SettledProviders {
  const isSettings = (name: string): boolean => isVendor(name) && hasOnlySettings(entries[name] ?? {})
  const { settled, leftOut } = settleEntries(entries, isSettings)
  const nameOf = (vendor: Vendor): string => (entries[vendor] && !isSettings(vendor) ? CLIENT : vendor)
  const taken = VENDOR_NAMES.filter((vendor) => nameOf(vendor) === CLIENT)
  const providers = new Map<string, Provider>()
  if (taken.length > 0) providers.set(CLIENT, nativeProvider(CLIENT, OPENAI_URL, {}, taken))
  for (const vendor of VENDOR_NAMES) {
    if (taken.includes(vendor)) continue
    const baseURL = defaultBaseURL(vendor) ?? ''
    providers.set(vendor, nativeProvider(vendor, baseURL, { kind: vendor, ...entries[vendor] }, [vendor]))
  }
  for (const [name, provider] of settled) providers.set(name, provider)
  return {
    providers,
    defaultProvider: nameOf(NATIVE),
    defaultOfVendor: new Map(VENDOR_NAMES.map((vendor) => [vendor, nameOf(vendor)])),
    leftOut,
    sdk: {},
  }
}

/**
 * The name of the provider that requests of a `createHarborFetch()` are addressed to, if another entry already has the name of the vendor.
 */
const CLIENT = 'client'

/** Fills in the defaults of all entries, except those that `isOwn` selects. Lists the entries without a key in `leftOut`. */
function settleEntries(
  entries: Entries,
  isOwn: (name: string) => boolean,
): { settled: ReadonlyMap<string, Provider>; leftOut: string[] } {
  const settled = new Map<string, Provider>()
  const leftOut: string[] = []
  for (const [name, entry] of Object.entries(entries)) {
    if (!entry || isOwn(name)) continue
    const provider = settleProvider(name, entry)
    if (provider) settled.set(name, provider)
    else leftOut.push(name)
  }
  return { settled, leftOut }
}

function refuseContradictions(options: HarborOptions, own: ProviderOptions): void {
  for (const name of ['apiKey', 'baseURL'] as const) {
    const listed = name === 'apiKey' ? firstKeyOf(own.apiKey ?? null) : own.baseURL
    if (options[name] != null && listed != null && options[name] !== listed) {
      throw new OptionError(
        name,
        `${name} and providers.${NATIVE}.${name} are one setting and contradict each other. Give one of them.`,
      )
    }
  }
}

/** Removes the key from the entry `openai` if `given` has a key, and the base URL if `given` has a base URL. */
export function withoutNative(
  providers: HarborOptions['providers'],
  given: Pick<HarborOptions, 'apiKey' | 'baseURL'>,
): HarborOptions['providers'] {
  const own = providers?.[NATIVE]
  if (!own) return providers
  const { apiKey, baseURL, ...others } = own
  const kept = {
    ...others,
    ...(given.apiKey == null && apiKey !== undefined && { apiKey }),
    ...(given.baseURL == null && baseURL !== undefined && { baseURL }),
  }
  return { ...providers, [NATIVE]: kept }
}
