import type { Failure } from '@harbor/retry'
import type { LegExchange } from '../call/exchange.ts'
import { systemClock } from '../base/clock.ts'
import type { FleetCooldowns } from '../options/fleet-circuits.ts'
import type { KeyState } from '../targets/key-state.ts'
import type { Provider } from '../targets/providers.ts'
import type { Target } from '../reporting/target.ts'
import { cooldownOf, type CooldownScope } from '../verdict/verdict.ts'
import { Cooldowns } from './cooldowns.ts'
import type { KeyedRequest, KeyRings } from './key-rings.ts'
import { accountOf, quotaGroupOf, targetKey, type Grouped } from './state-keys.ts'

/** The scopes of cooldowns, in the order in which they are checked, and the reason that receipts show for each. */
const REASONS: readonly (readonly [CooldownScope, string])[] = [
  ['credential', 'its credential was refused or is used up'],
  ['quota-group', 'its rate limit was reached'],
  ['target-and-model', 'it does not have the model'],
]

/** Starts cooldowns after failed attempts, and finds the cooldowns that affect a target. */
export class TargetCooldowns {
  readonly #cooldowns: Cooldowns
  readonly #rings: KeyRings

  /** @param fleet the cooldowns of all processes */
  constructor(rings: KeyRings, fleet?: FleetCooldowns) {
    this.#rings = rings
    this.#cooldowns = new Cooldowns(fleet)
  }

  /** A number that grows with each cooldown. A later call of `reasonFor` takes it as `since`. */
  get started(): number {
    return this.#cooldowns.started
  }

  noteFailure(exchange: LegExchange, failure: Failure): void {
    const cooldown = cooldownOf(failure)
    if (!cooldown) return
    const { target, provider } = exchange.leg
    const keys = keysOf(target, provider, exchange, exchange.leg.key)
    this.#cooldowns.start(keys[cooldown.of], cooldown.ms, systemClock.now(), true)
  }

  /** Starts a cooldown for a key, because the function that returns the key failed. */
  noteFailedFunction(exchange: LegExchange): void {
    const { target, provider, key } = exchange.leg
    const keys = keysOf(target, provider, exchange, key)
    this.#cooldowns.start(keys.credential, FAILED_FUNCTION_MS, systemClock.now())
  }

  /**
   * Returns, in words, why a target is in cooldown for a request; undefined if it is not. If the provider has several keys, the target is
   * in cooldown only if all keys are. The reason is then that of the key whose cooldown ends first.
   * @param since a value of `started` that was read earlier: only cooldowns started after that are considered
   */
  reasonFor(target: Target, provider: Provider, request: KeyedRequest, since = 0): string | undefined {
    if (this.#cooldowns.isEmpty) return undefined
    const keys = this.#rings.usable(provider, request)
    if (!keys) return this.#lasting(keysOf(target, provider, request), since)?.reason
    const lasting = keys.map((key) => this.#lasting(keysOf(target, provider, request, key), since))
    let first = lasting[0]
    for (const each of lasting) {
      if (!each) return undefined
      if (!first || each.until < first.until) first = each
    }
    return first?.reason
  }

  /** Returns the cooldown of a target for one key of its provider; undefined if there is none. */
  keyCooldown(target: Target, provider: Provider, request: Grouped, key: KeyState): KeyCooldown | undefined {
    return this.#cooldowns.isEmpty ? undefined : this.#lasting(keysOf(target, provider, request, key), 0)
  }

  /** Combines the cooldowns that apply: takes the reason of the first one, in the order of `REASONS`, and the latest end. */
  #lasting(keys: Record<CooldownScope, string>, since: number): KeyCooldown | undefined {
    const now = systemClock.now()
    let found: KeyCooldown | undefined
    for (const [scope, reason] of REASONS) {
      const until = this.#cooldowns.until(keys[scope], now, since)
      if (until > 0) found = { reason: found?.reason ?? reason, until: Math.max(until, found?.until ?? 0) }
    }
    return found
  }
}

/** Why a target is in cooldown, in words, and until when, in milliseconds since the epoch. */
export interface KeyCooldown {
  readonly reason: string
  readonly until: number
}

/** How long a key is avoided after the function that returns it failed, in milliseconds. */
const FAILED_FUNCTION_MS = 30_000

function keysOf(
  target: Target,
  provider: Provider,
  request: Grouped,
  key?: KeyState,
): Record<CooldownScope, string> {
  const credential = key ? key.credential : `${provider.name}\n${accountOf(provider, request)}`
  return {
    credential: `credential\n${credential}`,
    'quota-group': `group\n${quotaGroupOf(target, provider, request, key?.group)}`,
    // A model that is not available to one account may be available to another.
    'target-and-model': `model\n${targetKey(target)}\n${credential}`,
  }
}
