import type { Failure } from '@harbor/retry'
import type { LegExchange } from '../call/exchange.ts'
import { systemClock } from '../base/clock.ts'
import type { Provider } from '../targets/providers.ts'
import type { Target } from '../reporting/target.ts'
import { cooldownOf, type CooldownScope } from '../verdict/verdict.ts'
import { Cooldowns } from './cooldowns.ts'
import { accountOf, quotaGroupOf, targetKey, type Grouped } from './state-keys.ts'

/** The scopes of cooldowns, in the order in which they are checked, with the words for them in receipts. */
const REASONS: readonly (readonly [CooldownScope, string])[] = [
  ['credential', 'its credential was refused or is used up'],
  ['quota-group', 'its rate limit was reached'],
  ['target-and-model', 'it does not have the model'],
]

/** The cooldowns that failed attempts start, and the targets that are affected by them. */
export class TargetCooldowns {
  readonly #cooldowns = new Cooldowns()

  /** The number of cooldowns started so far. */
  get started(): number {
    return this.#cooldowns.started
  }

  noteFailure(exchange: LegExchange, failure: Failure): void {
    const cooldown = cooldownOf(failure)
    if (!cooldown) return
    const { target, provider } = exchange.leg
    const keys = keysOf(target, provider, exchange)
    this.#cooldowns.start(keys[cooldown.of], cooldown.ms, systemClock.now())
  }

  /**
   * Why a target is in cooldown for a request, in words; undefined when it is not.
   * @param since an earlier value of `started`; cooldowns that were started before that are ignored
   */
  reasonFor(target: Target, provider: Provider, request: Grouped, since = 0): string | undefined {
    if (this.#cooldowns.isEmpty) return undefined
    const now = systemClock.now()
    const keys = keysOf(target, provider, request)
    const found = REASONS.find(([scope]) => this.#cooldowns.until(keys[scope], now, since) > 0)
    return found?.[1]
  }
}

function keysOf(target: Target, provider: Provider, request: Grouped): Record<CooldownScope, string> {
  const credential = `${provider.name}\n${accountOf(provider, request)}`
  return {
    credential: `credential\n${credential}`,
    'quota-group': `group\n${quotaGroupOf(target, provider, request)}`,
    // A model that is not available to one account may be available to another.
    'target-and-model': `model\n${targetKey(target)}\n${credential}`,
  }
}
