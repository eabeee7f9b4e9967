import type { Failure } from '@harbor/retry'
import type { LegExchange } from '../call/exchange.ts'
import { systemClock } from '../base/clock.ts'
import type { KeyState } from '../targets/key-state.ts'
import type { Provider } from '../targets/providers.ts'
import type { Target } from '../reporting/target.ts'
import { cooldownOf, type CooldownScope } from '../verdict/verdict.ts'
import { Cooldowns } from './cooldowns.ts'
import type { KeyedRequest, KeyRings } from './key-rings.ts'
import { accountOf, quotaGroupOf, targetKey, type Grouped } from './state-keys.ts'

/** The scopes of cooldowns, in the order in which they are checked. The text names each scope in receipts. */
const REASONS: readonly (readonly [CooldownScope, string])[] = [
  ['credential', 'its credential was refused or is used up'],
  ['quota-group', 'its rate limit was reached'],
  ['target-and-model', 'it does not have the model'],
]

/** The cooldowns that failed attempts start, and which targets each of them affects. */
export class TargetCooldowns {
  readonly #cooldowns = new Cooldowns()
  readonly #rings: KeyRings

  constructor(rings: KeyRings) {
    this.#rings = rings
  }

  /** The number of cooldowns started so far. */
  get started(): number {
    return this.#cooldowns.started
  }

  noteFailure(exchange: LegExchange, failure: Failure): void {
    const cooldown = cooldownOf(failure)
    if (!cooldown) return
    const { target, provider } = exchange.leg
    const keys = keysOf(target, provider, exchange, exchange.leg.key)
    this.#cooldowns.start(keys[cooldown.of], cooldown.ms, systemClock.now())
  }

  /** Passes a key over for a while, since the function that returns it failed. */
  noteFailedFunction(exchange: LegExchange): void {
    const { target, provider, key } = exchange.leg
    const keys = keysOf(target, provider, exchange, key)
    this.#cooldowns.start(keys.credential, FAILED_FUNCTION_MS, systemClock.now())
  }

  /**
   * The reason, in words, why a target is in cooldown for a request; undefined when the target is not in cooldown. If its provider has
   * several keys, the target is in cooldown when all of them are, for the reason of the key that is free first.
   * @param since an earlier value of `started`: cooldowns that were started before it was read are ignored
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

  /** The cooldown of a target for one key of its provider; undefined when there is none. */
  keyCooldown(target: Target, provider: Provider, request: Grouped, key: KeyState): KeyCooldown | undefined {
    return this.#cooldowns.isEmpty ? undefined : this.#lasting(keysOf(target, provider, request, key), 0)
  }

  /** The first of the cooldowns that apply, in the order of `REASONS`, and the end of the last one. */
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

/** Why a target is in cooldown, in words, and until when, on the system's clock. */
export interface KeyCooldown {
  readonly reason: string
  readonly until: number
}

/** How long a key is passed over after the function that returns it failed, in milliseconds. */
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
    'quota-group': `group\n${quotaGroupOf(target, provider, request, key)}`,
    // A model that is not available to one account may be available to another.
    'target-and-model': `model\n${targetKey(target)}\n${credential}`,
  }
}
