import { AttemptError } from '../attempt/attempt-error.ts'
import { conversationOf, keyBindingOf } from '../call/account-bound.ts'
import type { Answer, LegExchange, LegHandler } from '../call/exchange.ts'
import { systemClock } from '../base/clock.ts'
import type { Quotas } from '../limits/quotas.ts'
import { chooseKey } from '../routing/key-choice.ts'
import type { KeyedRequest, KeyRings, Keys } from '../routing/key-rings.ts'
import { quotaModelOf } from '../routing/state-keys.ts'
import type { TargetCooldowns } from '../routing/target-cooldowns.ts'
import type { KeyState } from '../targets/key-state.ts'
import type { Provider } from '../targets/providers.ts'
import type { Target } from '../reporting/target.ts'

/** Chooses the API key of each attempt, for providers with several keys, and learns from their answers. */
export class KeyLayers {
  readonly #rings: KeyRings
  readonly #cooldowns: TargetCooldowns
  readonly #quotas: Quotas

  constructor(rings: KeyRings, cooldowns: TargetCooldowns, quotas: Quotas) {
    this.#rings = rings
    this.#cooldowns = cooldowns
    this.#quotas = quotas
  }

  /**
   * The layer that chooses the key of an attempt. It is above the layer that waits for limits, because each key may have its own limits.
   */
  readonly choose = (next: LegHandler): LegHandler => {
    return (exchange) => {
      const { leg } = exchange
      const keys = this.#rings.usable(leg.provider, exchange)
      if (keys) {
        const { target, provider } = leg
        leg.chooseKey = (held) => {
          leg.key = this.keyFor(exchange, target, provider, keys, (key) =>
            this.#quotas.keyWaitMs(target, provider, exchange, key, held),
          )
        }
        leg.chooseKey()
        leg.keyFreeInMs = () => this.#freeInMs(exchange, keys)
      }
      return next(exchange)
    }
  }

  /** The layer that learns from answers which keys share rate limits, and how much each key has left of its limits. */
  readonly learn = (next: LegHandler): LegHandler => {
    return (exchange) => {
      const { key } = exchange.leg
      return key ? this.#observed(exchange, key, next) : next(exchange)
    }
  }

  /**
   * Returns the key with which a request would be sent to a target now.
   * @param limitMs returns how long the request would wait for the configured limits of a key, in milliseconds
   */
  keyFor(
    request: KeyedRequest,
    target: Target,
    provider: Provider,
    keys: Keys,
    limitMs: (key: KeyState) => number,
  ): KeyState {
    const now = systemClock.now()
    const model = quotaModelOf(target, request)
    return chooseKey(keys, {
      untilOf: (key) => this.#cooldowns.keyCooldown(target, provider, request, key)?.until ?? 0,
      waitMs: (key) => Math.max(key.roomFor(model).waitMs(now), limitMs(key)),
      leftOf: (key) => key.roomFor(model).left(now) ?? 1,
      conversation: conversationOf(request),
      prefersFirst: keyBindingOf(request) === 'prefers-first',
    })
  }

  /** Returns the time until the cooldown of one of the keys ends, in milliseconds; 0 if one is not in cooldown. */
  #freeInMs(exchange: LegExchange, keys: Keys): number {
    const { target, provider } = exchange.leg
    const until = keys.map((key) => this.#cooldowns.keyCooldown(target, provider, exchange, key)?.until ?? 0)
    return Math.max(0, Math.min(...until) - systemClock.now())
  }

  async #observed(exchange: LegExchange, key: KeyState, next: LegHandler): Promise<Answer> {
    const { target, provider } = exchange.leg
    this.#rings.use(key, target, provider, exchange)
    key.roomFor(quotaModelOf(target, exchange)).use()
    try {
      const answer = await next(exchange)
      learnFrom(exchange, key, answer, 'succeeded')
      return answer
    } catch (error) {
      if (error instanceof AttemptError && error.answer) learnFrom(exchange, key, error.answer, 'failed')
      throw error
    }
  }
}

function learnFrom(
  { operation, leg }: LegExchange,
  key: KeyState,
  { headers, body }: Answer,
  outcome: 'failed' | 'succeeded',
): void {
  const { errors } = operation
  const text = body.kind === 'text' && body.json === undefined ? body.text : undefined
  const model = quotaModelOf(leg.target, { operation })
  const organization = errors.organizationOf?.(headers, text)
  key.learn(outcome, organization, errors.rateLimitsOf(headers, text), model, systemClock.now())
}
