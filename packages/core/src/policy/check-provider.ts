import { OptionError } from '../base/errors.ts'
import * as is from '../base/check.ts'
import { checkHeaderValues } from '../options/check-headers.ts'
import { checkKeys } from '../options/check-keys.ts'
import { checkLimits } from '../options/limit-options.ts'
import type { ProviderOptions } from '../options/provider-options.ts'
import { PROTOCOLS } from '../protocols/list.ts'
import { VENDOR_NAMES, VENDOR_OF_PROTOCOL, type Vendor } from '../protocols/vendors.ts'
import { NATIVE } from '../targets/providers.ts'

const PROVIDER = {
  kind: is.oneOf('openai', 'azure', 'anthropic', 'google'),
  apiKey: is.aKeyOrList,
  baseURL: is.anHttpUrl,
  endpoints: is.anObject,
  fetch: is.aFunction,
  apiVersion: is.aString,
  headers: is.anObject,
  quotaGroup: is.aString,
  limits: is.anObjectOrFalse,
  dropParams: is.aListOfStrings,
  maxTokensParam: is.oneOf('max_tokens', 'max_completion_tokens'),
  streamEnd: is.oneOf('finish-reason', 'done'),
} as const satisfies Record<keyof ProviderOptions, is.Check>

/** The checks for the option `endpoints`: the entry of each protocol must be a root URL. */
const ENDPOINTS: Readonly<Record<string, is.Check>> = Object.fromEntries(
  [...VENDOR_OF_PROTOCOL.keys(), ...PROTOCOLS.map(({ name }) => name)].map((name) => [name, is.aRootURL]),
)

/**
 * Checks one entry of `providers`.
 * @param isFetch whether the options are for `createHarborFetch()`
 * @throws OptionError naming the option of the entry
 */
export function checkProvider(name: string, entry: ProviderOptions, isFetch: boolean): void {
  const option = `providers.${name}`
  if (name === '' || name.includes('/')) {
    throw new OptionError(option, `A provider's name must be without a slash and not empty, got '${name}'.`)
  }
  if (typeof entry !== 'object' || (entry as unknown) === null) {
    throw new OptionError(option, `${option} must be an object such as { apiKey, baseURL }.`)
  }
  is.checkOptions(entry, PROVIDER, `${option}.`)
  if (entry.endpoints) is.checkOptions(entry.endpoints, ENDPOINTS, `${option}.endpoints.`)
  checkKeys(`${option}.apiKey`, entry.apiKey)
  checkHeaderValues(`${option}.headers`, entry.headers)
  checkLimits(entry.limits, `${option}.limits`)
  if (name === NATIVE && !isFetch) checkOwnProvider(option, entry)
  if (isFetch && isVendor(name) && hasOnlySettings(entry) && (entry.kind ?? name) !== name) {
    throw new OptionError(
      `${option}.kind`,
      `${option} has no key and no address, so it configures the provider that requests are addressed to, ` +
        `which cannot be of kind '${entry.kind}'. Give the entry another name, with its key.`,
    )
  }
  if (entry.kind === 'azure' && !entry.baseURL && !entry.fetch) {
    throw new OptionError(
      `${option}.baseURL`,
      `${option}.baseURL is missing: an Azure entry needs its resource, such as https://<resource>.openai.azure.com.`,
    )
  }
}

/** Whether a name is that of a vendor. With `createHarborFetch()`, the provider that requests are addressed to normally has such a name. */
export function isVendor(name: string): name is Vendor {
  return VENDOR_NAMES.some((vendor) => vendor === name)
}

/**
 * Whether an entry has neither a key nor an address. With `createHarborFetch()`, such an entry under the name of a vendor adds no provider.
 * It configures the provider that requests are addressed to.
 */
export function hasOnlySettings(entry: ProviderOptions): boolean {
  return !('apiKey' in entry) && !('baseURL' in entry) && !('endpoints' in entry)
}

/**
 * Refuses `endpoints`, and kinds other than `openai`, for the client's own provider, because the OpenAI SDK addresses and signs its
 * requests.
 */
function checkOwnProvider(option: string, { kind = 'openai', endpoints }: ProviderOptions): void {
  if (endpoints) {
    throw new OptionError(
      `${option}.endpoints`,
      `${option}.endpoints has no effect: ${option} is the client's own provider, whose requests the SDK addresses. ` +
        `Set baseURL, or give the entry another name.`,
    )
  }
  if (kind === 'openai') return
  throw new OptionError(
    `${option}.kind`,
    `${option} is the client's own provider and cannot be of kind '${kind}'. Give the entry another name, ` +
      `such as providers.${kind}, and call its models ${kind}/<model or deployment>.`,
  )
}
