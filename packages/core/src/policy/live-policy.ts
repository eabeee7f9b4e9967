import { OptionError } from '../base/errors.ts'
import type { HarborOptions } from '../options/options.ts'
import { refuseStoreOptions } from '../options/cache-options.ts'
import type { Policy } from './policy.ts'
import { withoutNative } from './providers.ts'
import { settleOptions } from './settle-options.ts'

/** What `configure()` may change while calls are made. */
export type Reconfigurable = Pick<
  HarborOptions,
  | 'providers'
  | 'models'
  | 'fallback'
  | 'contextWindowFallback'
  | 'contentPolicyFallback'
  | 'order'
  | 'retry'
  | 'timeouts'
  | 'hedge'
  | 'lastResort'
  | 'attemptsBeforeFallback'
  | 'maxUpstreamCalls'
  | 'spendLimit'
  | 'limits'
  | 'cache'
>

const RECONFIGURABLE = {
  providers: true,
  models: true,
  fallback: true,
  contextWindowFallback: true,
  contentPolicyFallback: true,
  order: true,
  retry: true,
  timeouts: true,
  hedge: true,
  lastResort: true,
  attemptsBeforeFallback: true,
  maxUpstreamCalls: true,
  spendLimit: true,
  limits: true,
  cache: true,
} as const satisfies Record<keyof Reconfigurable, true>

/** @throws OptionError naming the first option that cannot change at run time */
export function refuseOthers(changes: object): void {
  const other = Object.keys(changes).find((name) => !Object.hasOwn(RECONFIGURABLE, name))
  if (other === undefined) {
    refuseStoreOptions(changes)
    return
  }
  throw new OptionError(
    other,
    `${other} cannot change at run time. What can: ${Object.keys(RECONFIGURABLE).join(', ')}.`,
  )
}

/** What was changed at run time, for a client and all its copies. */
export class Changes {
  all: Reconfigurable = {}
  revision = 0

  add(changes: Reconfigurable): void {
    this.all = { ...this.all, ...changes }
    this.revision++
  }
}

/** The policy of one client: its own options, and over them what was changed at run time. */
export class LivePolicy {
  readonly #options: HarborOptions
  readonly #changes: Changes
  readonly #isFetch: boolean
  #policy: Policy
  #revision = 0

  constructor(options: HarborOptions, policy: Policy, changes: Changes, { isFetch = false } = {}) {
    this.#options = options
    this.#policy = policy
    this.#changes = changes
    this.#isFetch = isFetch
  }

  get current(): Policy {
    const { all, revision } = this.#changes
    if (revision !== this.#revision) {
      // A copy may have a key or an address of its own, which holds.
      const { providers } = all
      this.#policy = this.with(
        providers ? { ...all, providers: withoutNative(providers, this.#options) } : all,
      )
      this.#revision = revision
    }
    return this.#policy
  }

  /** @throws OptionError for changes that make no sense together with what holds already */
  with(changes: Reconfigurable): Policy {
    // The number of attempts has two names; a change of one must not contradict what the other said before.
    // What was checked when the client was made stays as it is, also while there is no cache to be filled.
    const { maxRetries, prefetch: _prefetch, ...options } = this.#options
    const kept = changes.retry === undefined ? { maxRetries } : {}
    return settleOptions({ ...options, ...kept, ...changes }, { isFetch: this.#isFetch }).policy
  }
}
