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
import type { HarborOptions, ProviderOptions } from '../options/options.ts'
import { checkProvider, hasOnlySettings, isVendor } from './check-provider.ts'
import { firstKeyOf } from '../targets/credential.ts'

export interface SettledProviders {
  readonly providers: ReadonlyMap<string, Provider>
  readonly defaultProvider: string
  /** The default provider for the protocols of each vendor, if it is not the default provider of the client. */
  readonly defaultOfVendor: ReadonlyMap<string, string>
  /** Names of entries without a key. */
  readonly leftOut: readonly string[]
  /** The key and base URL of the entry `openai`, for the SDK. */
  readonly sdk: Pick<ClientOptions, 'apiKey' | 'baseURL'>
}

/** The key for an SDK client that does not use it: the SDK needs one, even if all calls go to other providers. */
const UNUSED_KEY = 'unused'

/**
 * Checks the entries of `providers` and fills in the defaults. Chooses the default provider, for models that do not name one: the client's
 * own provider if it has a key, else the first entry with a key.
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
 * The providers of `createHarborFetch()`. One of them is the provider to which requests are addressed. It has the name of the vendor of
 * their protocol, or `client` if there is an entry with the vendor's name that has an address or a key of its own.
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

/** The name of the provider to which requests of a `fetch` are addressed, if another entry has the name of the vendor. */
const CLIENT = 'client'

/** Fills in the defaults of the entries, without those of the client's own provider. */
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
