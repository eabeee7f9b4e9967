import { BoundedMap } from '../base/bounded-map.ts'
import { keyBindingOf, type Belonging } from '../call/account-bound.ts'
import type { Provider } from '../targets/providers.ts'
import { KeyState, SharedQuota } from '../targets/key-state.ts'
import type { Target } from '../reporting/target.ts'
import { accountOf, type Grouped } from './state-keys.ts'

/** The maximum number of key rings. Each provider with several keys has one key ring for each account of its callers. */
const MAX_RINGS = 1_000
/** The maximum number of targets that `stats()` shows for one key ring. */
const MAX_SHOWN = 1_000

/** A list of keys that is not empty. */
export type Keys = readonly [KeyState, ...KeyState[]]

/** The state of all keys of one provider, for one account of its callers. */
export interface KeyRing {
  readonly provider: Provider
  readonly keys: Keys
  /** The targets that were called with these keys, by name. The stored request determines which rate limits apply to the target. */
  readonly called: Map<string, { readonly target: Target; readonly request: Grouped }>
}

/** The parts of a request on which the choice of its key depends. */
export type KeyedRequest = Grouped & Belonging

/** Stores the state of keys, for providers that have several. The state is discarded when the providers are changed at run time. */
export class KeyRings {
  readonly #rings = new BoundedMap<string, KeyRing>(MAX_RINGS)
  #lastUse = 0

  /** Returns the keys that a request may use at a provider; undefined if the provider has one key. */
  usable(provider: Provider, request: KeyedRequest): Keys | undefined {
    const ring = this.ringOf(provider, request)
    return ring && keyBindingOf(request) === 'first' ? [ring.keys[0]] : ring?.keys
  }

  ringOf(provider: Provider, request: Grouped): KeyRing | undefined {
    const list = provider.native ? request.keys : provider.keys
    if (!list) return undefined
    const account = `${provider.name}\n${accountOf(provider, request)}`
    const known = this.#rings.get(account)
    if (known) return known
    const shared = new SharedQuota(account)
    const [first, ...others] = list.keys.map((_, index) => new KeyState(list, index, account, shared))
    if (!first) return undefined
    const ring: KeyRing = { provider, keys: [first, ...others], called: new BoundedMap(MAX_SHOWN) }
    this.#rings.set(account, ring)
    return ring
  }

  /** Records that a request is sent to a target with a key. */
  use(key: KeyState, target: Target, provider: Provider, request: Grouped): void {
    key.attempts++
    key.usedAt = ++this.#lastUse
    const called = this.ringOf(provider, request)?.called
    if (!called || called.has(target.name)) return
    const { headers, signer, keys, url, operation } = request
    called.set(target.name, { target, request: { headers, signer, keys, url, operation } })
  }

  /** Finds the newest key ring whose keys were used for a target. Used by `stats()`. */
  ringThatCalled(target: string): KeyRing | undefined {
    return [...this.#rings.values()].findLast(({ called }) => called.has(target))
  }

  /** The number of key rings. */
  get size(): number {
    return this.#rings.size
  }

  /** Discards the state of all keys. */
  forget(): void {
    this.#rings.clear()
  }
}
