import { BoundedMap } from '../base/bounded-map.ts'
import { hash } from '../base/hash.ts'
import { conversationOf, type Belonging } from '../call/account-bound.ts'
import type { Exchange } from '../call/exchange.ts'
import { identityOf, type Identified } from '../call/identity.ts'
import { systemClock } from '../base/clock.ts'
import type { Order } from '@harbor/fallback'
import type { Target } from '../reporting/target.ts'
import { targetKey } from './state-keys.ts'

/** The maximum number of conversations whose target is stored. Above it, the conversation that was answered least recently is removed. */
const MAX_CONVERSATIONS = 10_000
/** How long the target of a conversation is stored after its latest answer, in milliseconds. Prompt caches rarely last longer. */
const MAX_AGE_MS = 60 * 60_000

/** The parts of a request on which its conversation depends. */
export interface Conversing extends Identified, Belonging {
  readonly policy: Pick<Exchange['policy'], 'cache' | 'order'>
}

/**
 * Stores, for each conversation, the target that answered its latest call. The next call goes to the same target while that is available,
 * because other targets do not have the prompt in their cache.
 */
export class StickyTargets {
  readonly #answered = new BoundedMap<string, { readonly target: string; readonly at: number }>(
    MAX_CONVERSATIONS,
  )

  /** The number of conversations that are stored. */
  get size(): number {
    return this.#answered.size
  }

  /**
   * Returns the target that answered the latest call of the request's conversation. Undefined if there is none, or if the request may not
   * go there.
   * @param chain the targets of the request, in their configured order
   * @param isWell returns whether a target may be called now
   */
  of(request: Conversing, chain: readonly Target[], isWell: (target: Target) => boolean): Target | undefined {
    if (this.#answered.size === 0 || chain.length < 2 || request.perCall?.order) return undefined
    const name = nameOf(request, chain)
    const answered = name === undefined ? undefined : this.#answered.get(name)
    if (!answered || systemClock.now() - answered.at > MAX_AGE_MS) return undefined
    const target = chain.find((each) => targetKey(each) === answered.target)
    return target && isWell(target) ? target : undefined
  }

  /**
   * Stores the target that answered a call.
   * @param chain the targets of the request, in their configured order
   */
  note(request: Conversing, chain: readonly Target[], answeredBy: Target): void {
    if (chain.length < 2) return
    const name = nameOf(request, chain)
    if (name === undefined) return
    this.#answered.delete(name)
    // Without an order, the first target would be called anyway.
    if (answeredBy === chain[0] && !orderOf(request)) return
    this.#answered.set(name, { target: targetKey(answeredBy), at: systemClock.now() })
  }
}

/** Returns the targets with `first` in front of all others. */
export function inFront(targets: readonly Target[], first: Target): readonly Target[] {
  return [first, ...targets.filter((target) => target !== first)]
}

function orderOf({ perCall, policy }: Conversing): Order<Target> | undefined {
  return perCall?.order ?? policy.order
}

/**
 * Returns the name under which the target of a conversation is stored. Undefined if the request belongs to no conversation. The caller's
 * account and scope are part of the name, so conversations of two tenants differ even if they have the same name. The result is a hash of
 * all parts.
 */
function nameOf(request: Conversing, [requested]: readonly Target[]): string | undefined {
  const conversation = conversationOf(request)
  if (conversation === undefined) return undefined
  const { perCall, policy } = request
  const scope = perCall?.scope ?? policy.cache?.scope ?? null
  return hash(JSON.stringify([identityOf(request).account, scope, requested?.name, conversation]))
}
