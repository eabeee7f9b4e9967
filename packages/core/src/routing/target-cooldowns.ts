import type { Failure } from '@harbor/retry'
import type { LegExchange } from '../call/exchange.ts'
import { systemClock } from '../base/clock.ts'
import type { FleetCooldowns } from '../options/fleet-circuits.ts'
import type { KeyState } from '../targets/key-state.ts'
import type { Provider } from '../targets/providers.ts'
import type { Target } from '../reporting/target.ts'
import { cooldownOf, isTierRefusal, type CooldownScope } from '../verdict/verdict.ts'
import { Cooldowns } from './cooldowns.ts'
import type { KeyedRequest, KeyRings } from './key-rings.ts'
import { accountOf, quotaGroupOf, targetKey, tierAt, type Grouped } from './state-keys.ts'
import { TierCooldowns } from './tier-cooldowns.ts'

/** The scopes of cooldowns, in the order in which they are checked, and the reason that receipts show for each. */
const REASONS: readonly (readonly [CooldownScope, string])[] = [
  ['credential', 'its credential was refused or is used up'],
  ['quota-group', 'its rate limit was reached'],
  ['target-and-model', 'it does not have the model'],
  ['service-tier', 'its service tier has no capacity'],
]

/** Starts cooldowns after failed attempts, and finds the cooldowns that affect a target. */
export class TargetCooldowns {
  readonly #cooldowns: Cooldowns
  readonly #rings: KeyRings
  readonly #tiers = new TierCooldowns()

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
    const { target, provider } = exchange.leg
    const refusesTier = target.params !== undefined && isTierRefusal(failure)
    if (!cooldown && !refusesTier) return
    const keys = keysOf(target, provider, exchange, exchange.leg.key)
    const now = systemClock.now()
    if (cooldown && cooldown.of !== 'service-tier')
      this.#cooldowns.start(keys[cooldown.of], cooldown.ms, now, true)
    const tier = keys['service-tier']
    // A request that names no tier was refused at the usual one, which is no reason to avoid it.
    if (tier === undefined || (cooldown?.of !== 'service-tier' && !refusesTier)) return
    const ms = this.#tiers.refused(tier, failure.retryAfterMs ?? 0)
    this.#cooldowns.start(tier, ms, now, true)
  }

  /** Called when a target has answered. If its service tier had refused requests, it has capacity again. */
  noteAnswer(exchange: LegExchange): void {
    if (this.#tiers.isEmpty) return
    const { target, provider, key } = exchange.leg
    const tier = keysOf(target, provider, exchange, key)['service-tier']
    if (tier !== undefined) this.#tiers.answered(tier)
  }

  /** Called when a call that may wait is sent to a target. See `TierCooldowns`. */
  noteSending(target: Target, provider: Provider, request: KeyedRequest): void {
    if (this.#tiers.isEmpty) return
    const tier = keysOf(target, provider, request)['service-tier']
    if (tier !== undefined) this.#tiers.sending(tier, systemClock.now())
  }

  /**
   * Returns the time until the cooldowns of a target end, or until no other call tests its service tier, in milliseconds. 0 if a call may be sent now.
   */
  remainingMs(target: Target, provider: Provider, request: KeyedRequest): number {
    if (this.#cooldowns.isEmpty && this.#tiers.isEmpty) return 0
    const now = systemClock.now()
    const usable = this.#rings.usable(provider, request)
    const until = (key?: KeyState): number => {
      const keys = keysOf(target, provider, request, key)
      const tier = keys['service-tier']
      const testedMs = tier === undefined ? 0 : this.#tiers.testedForMs(tier, now)
      return Math.max(this.#lasting(keys, 0)?.until ?? 0, now + testedMs)
    }
    return Math.max(0, Math.min(...(usable ? usable.map(until) : [until()])) - now)
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
  #lasting(keys: CooldownKeys, since: number): KeyCooldown | undefined {
    const now = systemClock.now()
    let found: KeyCooldown | undefined
    for (const [scope, reason] of REASONS) {
      const key = keys[scope]
      const until = key === undefined ? 0 : this.#cooldowns.until(key, now, since)
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

/** The keys of the cooldowns that affect a request at a target. There is none for a service tier if the request names no tier. */
type CooldownKeys = Record<Exclude<CooldownScope, 'service-tier'>, string> & {
  readonly 'service-tier': string | undefined
}

function keysOf(target: Target, provider: Provider, request: Grouped, key?: KeyState): CooldownKeys {
  const tier = tierAt(target, request)
  const credential = key ? key.credential : `${provider.name}\n${accountOf(provider, request)}`
  return {
    credential: `credential\n${credential}`,
    'quota-group': `group\n${quotaGroupOf(target, provider, request, key?.group)}`,
    // A model that is not available to one account may be available to another.
    'target-and-model': `model\n${targetKey(target)}\n${credential}`,
    // A variant and a request that names the tier itself are refused alike.
    'service-tier':
      tier === undefined
        ? undefined
        : `tier\n${target.provider}/${target.model ?? ''}\n${target.baseURL}\n${tier}\n${credential}`,
  }
}
