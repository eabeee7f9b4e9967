import { OptionError } from '../base/errors.ts'
import { isRecord } from '../base/json.ts'
import { refuseStoreOptions } from '../options/cache-options.ts'
import type { HarborOptions } from '../options/options.ts'
import { attemptsOf } from '../options/attempts.ts'
import { HARBOR_OPTIONS, optionsIn } from '../options/option-scope.ts'
import { withoutNative } from './providers.ts'
import { firstKeyOf } from '../targets/credential.ts'
import { NATIVE } from '../targets/providers.ts'
import type { OwnOptions } from './settle-options.ts'

const COPYABLE = optionsIn('copy')

/**
 * Merges the options for a copy made by `withOptions()`: the client's own options, overridden by `changes`. `changes` can set the number of
 * attempts under two names, `maxRetries` and `retry.maxAttempts`.
 * @param original Harbor's options of the client that is copied
 * @param maxRetries the current value of the client's field `maxRetries`, which the user may have set. It applies if `changes` contains
 * neither name.
 * @throws OptionError for an option that belongs to the state that all copies share
 */
export function mergeOptions(
  original: OwnOptions,
  changes: Partial<HarborOptions>,
  maxRetries: number,
): Partial<HarborOptions> {
  const given = Object.entries(changes)
  const [shared] = given.find(([name, value]) => value !== undefined && isShared(name)) ?? []
  if (shared) {
    throw new OptionError(
      shared,
      `${shared} cannot change in a copy, which shares connections and the health of targets. Make a new Harbor.`,
    )
  }
  refuseStoreOptions(changes)
  // Limits cannot change in a copy, but are a part of its policy.
  const own: OwnOptions = Object.fromEntries(
    Object.entries(original).filter(([name]) => name === 'limits' || COPYABLE.includes(name)),
  )
  const { retry = original.retry } = changes
  const maxAttempts = attemptsOf(changes) ?? maxRetries + 1
  // The SDK refuses a `baseURL` beside `dataResidency`, even an undefined one, so pass it on to be refused.
  const isPassedOn = (name: string): boolean => name === 'baseURL' && changes.dataResidency != null
  const changed = Object.fromEntries(given.filter(([name, value]) => value !== undefined || isPassedOn(name)))
  return {
    ...own,
    ...changed,
    ...(isRecord(changes.labels) && { labels: { ...own.labels, ...changes.labels } }),
    ...ownProvider(own, changes),
    retry: { ...(retry === false ? {} : retry), maxAttempts },
    maxRetries: maxAttempts - 1,
  }
}

/** Whether an option belongs to the state that a client and its copies share. */
function isShared(name: string): boolean {
  return Object.hasOwn(HARBOR_OPTIONS, name) && !COPYABLE.includes(name)
}

/**
 * Merges the key and the base URL of the client's own provider. Each of them can be given as an option or in `providers.openai`. A value in
 * `changes` overrides that of the copied client, even if the two are given in different places.
 */
function ownProvider(
  { providers: kept }: OwnOptions,
  changes: Partial<HarborOptions>,
): Pick<HarborOptions, 'providers' | 'apiKey' | 'baseURL'> {
  const entry = changes.providers?.[NATIVE]
  const named = {
    ...(changes.apiKey === undefined && entry?.apiKey != null && { apiKey: firstKeyOf(entry.apiKey) }),
    ...(changes.baseURL === undefined && entry?.baseURL !== undefined && { baseURL: entry.baseURL }),
  }
  return changes.providers ? named : { providers: withoutNative(kept, changes) }
}
