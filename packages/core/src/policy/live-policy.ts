import { OptionError } from '../base/errors.ts'
import type { HarborOptions } from '../options/options.ts'
import { refuseStoreOptions } from '../options/cache-options.ts'
import { optionsIn, type OptionsIn } from '../options/option-scope.ts'
import type { Policy } from './policy.ts'
import { withoutNative } from './providers.ts'
import { settleOptions } from './settle-options.ts'

/**
 * The options that `configure()` may change while calls are made, such as `providers`, `fallback`, `limits` and `retry`. Those of shared state, such
 * as `pool` and `breaker`, are not among them.
 */
export type Reconfigurable = Pick<HarborOptions, OptionsIn<'configure'>>

/**
 * Checks that all of the options may change at run time.
 * @throws OptionError naming the first one that may not
 */
function assertReconfigurable(changes: object): void {
  const reconfigurable = optionsIn('configure')
  const fixed = Object.keys(changes).find((name) => !reconfigurable.includes(name))
  if (fixed === undefined) {
    refuseStoreOptions(changes)
    return
  }
  throw new OptionError(fixed, `${fixed} cannot change at run time. What can: ${reconfigurable.join(', ')}.`)
}

/** The options that `configure()` has changed, for a client and all its copies. */
export class RuntimeOverrides {
  all: Reconfigurable = {}
  /** The number of changes so far. */
  revision = 0

  add(changes: Reconfigurable): void {
    this.all = { ...this.all, ...changes }
    this.revision++
  }
}

/** The policy of one client: its own options, overridden by those that `configure()` has changed. */
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

  /** Whether `configure()` has changed `retry`, and with it the number of attempts. */
  get overridesRetry(): boolean {
    return this.#overrides.all.retry !== undefined
  }

  get current(): Policy {
    const { all, revision } = this.#overrides
    if (revision !== this.#revision) {
      // A client with a key or an address of its own keeps it, whatever `configure()` changes in `providers`.
      const { providers } = all
      this.#policy = this.#settle(
        providers ? { ...all, providers: withoutNative(providers, this.#options) } : all,
      )
      this.#revision = revision
    }
    return this.#policy
  }

  /**
   * Changes options at run time, for this client and all its copies. If it throws, nothing is changed.
   * @throws OptionError for an option that cannot change at run time, or that is invalid together with the others
   */
  configure(changes: Reconfigurable): void {
    assertReconfigurable(changes)
    this.#settle({ ...this.#overrides.all, ...changes })
    this.#overrides.add(changes)
  }

  #settle(overrides: Reconfigurable): Policy {
    // `maxRetries` and `retry` both set the number of attempts; a change of `retry` must not contradict the client's `maxRetries`.
    // `prefetch` needs a cache, which was checked when the client was made; `configure()` may still switch the cache off.
    const { maxRetries, prefetch: _prefetch, ...options } = this.#options
    const attempts = overrides.retry === undefined ? { maxRetries } : {}
    return settleOptions({ ...options, ...attempts, ...overrides }, { isFetch: this.#isFetch }).policy
  }
}
