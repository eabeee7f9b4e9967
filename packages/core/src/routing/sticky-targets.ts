import { conversationOf, type Belonging } from '../call/account-bound.ts'
import type { Exchange } from '../call/exchange.ts'
import { identityOf, type Identified } from '../call/identity.ts'
import { systemClock } from '../base/clock.ts'
import type { Order } from '@harbor/fallback'
import type { Target } from '../reporting/target.ts'
import { targetKey } from './state-keys.ts'

/** The maximum number of conversations whose target is stored. Beyond it, the one that was used least recently is forgotten. */
const MAX_CONVERSATIONS = 10_000
/** How long the target of a conversation is stored after its latest answer, in milliseconds. Prompt caches rarely last longer. */
const MAX_AGE_MS = 60 * 60_000

/** A request, as far as its conversation depends on it. */
export interface Conversing extends Identified, Belonging {
  readonly policy: Pick<Exchange['policy'], 'cache' | 'order'>
}

/**
 * The targets that answered the conversations' latest calls. A conversation stays with its target while the target is well, since another
 * one has not cached the prompt.
 */
export class StickyTargets {
  readonly #answered = new Map<string, { readonly target: string; readonly at: number }>()

  /** The number of conversations that are stored. */
  get size(): number {
    return this.#answered.size
  }

  /**
   * The target that answered the latest call of the request's conversation, if the request may go there.
   * @param chain the targets of the request, in their configured order
   * @param isWell whether a target may be called now
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
   * Notes the target that answered a call.
   * @param chain the targets of the request, in their configured order
   */
  note(request: Conversing, chain: readonly Target[], answeredBy: Target): void {
    if (chain.length < 2) return
    const name = nameOf(request, chain)
    if (name === undefined) return
    this.#answered.delete(name)
    // Without an order, the first target would be called anyway.
    if (answeredBy === chain[0] && !orderOf(request)) return
    if (this.#answered.size >= MAX_CONVERSATIONS) this.#forgetOldest()
    this.#answered.set(name, { target: targetKey(answeredBy), at: systemClock.now() })
  }

  #forgetOldest(): void {
    const [oldest] = this.#answered.keys()
    if (oldest !== undefined) this.#answered.delete(oldest)
  }
}

/** Puts one of the targets in front of the others. */
export function inFront(targets: readonly Target[], first: Target): readonly Target[] {
  return [first, ...targets.filter((target) => target !== first)]
}

function orderOf({ perCall, policy }: Conversing): Order<Target> | undefined {
  return perCall?.order ?? policy.order
}

/**
 * The name under which the target of a conversation is stored: a hash, since it is made of the caller's account and scope. Conversations of
 * two tenants differ, even if they have the same name. Undefined if the request belongs to no conversation.
 */
function nameOf(request: Conversing, [requested]: readonly Target[]): string | undefined {
  const conversation = conversationOf(request)
  if (conversation === undefined) return undefined
  const { perCall, policy } = request
  const scope = perCall?.scope ?? policy.cache?.scope ?? null
  return hash(JSON.stringify([identityOf(request).account, scope, requested?.name, conversation]))
}

const hash = (text: string): string => sha256('sha256', text, 'base64url')
// An import of `node:crypto` would also load web crypto.
const { hash: sha256 } = /* @__PURE__ */ process.getBuiltinModule('node:crypto')
