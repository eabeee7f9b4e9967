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
function assertReconfigurable(changes: object): void {
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

/** Options changed at run time, for a client and all its copies. */
export class RuntimeOverrides {
  all: Reconfigurable = {}
  revision = 0

  add(changes: Reconfigurable): void {
    this.all = { ...this.all, ...changes }
    this.revision++
  }
}

/** The policy of one client: its own options, overridden by those that were changed at run time. */
export class LivePolicy {
  readonly #options: HarborOptions
  readonly #overrides: RuntimeOverrides
  readonly #isFetch: boolean
  #policy: Policy
  #revision = 0

  constructor(options: HarborOptions, policy: Policy, overrides: RuntimeOverrides, { isFetch = false } = {}) {
    this.#options = options
    this.#policy = policy
    this.#overrides = overrides
    this.#isFetch = isFetch
  }

  /** Whether `configure()` has set the number of attempts. */
  get overridesRetry(): boolean {
    return this.#overrides.all.retry !== undefined
  }

  get current(): Policy {
    const { all, revision } = this.#overrides
    if (revision !== this.#revision) {
      // A copy's own key and address win.
      const { providers } = all
      this.#policy = this.#settle(
        providers ? { ...all, providers: withoutNative(providers, this.#options) } : all,
      )
      this.#revision = revision
    }
    return this.#policy
  }

  /**
   * Changes options at run time, for this client and all its copies.
   * @throws OptionError for an option that cannot change at run time, or that is invalid together with the others; nothing changes then
   */
  configure(changes: Reconfigurable): void {
    assertReconfigurable(changes)
    this.#settle({ ...this.#overrides.all, ...changes })
    this.#overrides.add(changes)
  }

  #settle(changes: Reconfigurable): Policy {
    // `retry` and `maxRetries` set the same number: a new `retry` replaces an old `maxRetries`.
    // `prefetch` was checked when the client was created, and need not fit a cache that is off for a while.
    const { maxRetries, prefetch: _prefetch, ...options } = this.#options
    const kept = changes.retry === undefined ? { maxRetries } : {}
    return settleOptions({ ...options, ...kept, ...changes }, { isFetch: this.#isFetch }).policy
  }
}
