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
import type { HarborOptions, ProviderOptions } from '../options/options.ts'
import { checkProvider } from './check-provider.ts'

export interface SettledProviders {
  readonly providers: ReadonlyMap<string, Provider>
  readonly defaultProvider: string
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
  const entries: Readonly<Record<string, ProviderOptions | undefined>> = options.providers ?? {}
  for (const [name, entry] of Object.entries(entries)) if (entry) checkProvider(name, entry, isFetch)
  const own = isFetch ? settingsOnly(entries[NATIVE]) : entries[NATIVE]
  if (own) refuseContradictions(options, own)
  const settled = Object.entries(entries)
    .filter(([, entry]) => entry && entry !== own)
    .map(([name, entry]) => [name, settleProvider(name, entry ?? {})] as const)
  const leftOut = settled.flatMap(([name, provider]) => (provider ? [] : [name]))
  const providers = new Map<string, Provider>()

  const apiKey = options.apiKey ?? own?.apiKey ?? process.env['OPENAI_API_KEY']
  const { dataResidency } = options
  const residency = dataResidency == null ? undefined : residencyURL(dataResidency)
  const baseURL = options.baseURL ?? residency ?? own?.baseURL ?? process.env['OPENAI_BASE_URL']
  const first = settled.find(([, provider]) => provider)
  const isNative = isFetch || apiKey != null || first === undefined
  const nativeName = isFetch && NATIVE in entries && !own ? 'client' : NATIVE
  if (isNative) providers.set(nativeName, nativeProvider(nativeName, baseURL || OPENAI_URL, own))
  else if (own) leftOut.push(NATIVE)
  for (const [name, provider] of settled) if (provider) providers.set(name, provider)
  return {
    providers,
    defaultProvider: isNative ? nativeName : first[0],
    leftOut,
    sdk: isFetch
      ? {}
      : {
          ...(own?.apiKey != null && { apiKey: own.apiKey }),
          ...(!isNative && { apiKey: UNUSED_KEY }),
          ...(own?.baseURL !== undefined && { baseURL: own.baseURL }),
        },
  }
}

/**
 * Returns the entry if it has neither a key nor a base URL. Such an entry `openai` of `createHarborFetch()` configures the provider that
 * requests are addressed to.
 */
function settingsOnly(entry: ProviderOptions | undefined): ProviderOptions | undefined {
  return entry && !('apiKey' in entry) && !('baseURL' in entry) ? entry : undefined
}

function refuseContradictions(options: HarborOptions, own: ProviderOptions): void {
  for (const name of ['apiKey', 'baseURL'] as const) {
    if (options[name] != null && own[name] != null && options[name] !== own[name]) {
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
