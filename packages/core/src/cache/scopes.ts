import type { ReadonlyHeaders } from '../base/readonly-headers.ts'
import { identityOf, namesAccount, type HeaderEntry, type Identified } from '../call/identity.ts'
import type { Plan } from '../targets/routes.ts'
import type { CacheRules } from '../options/cache-options.ts'

/** Whose answers a call may get. Two calls share answers if, and only if, scope and variant are the same. */
export interface Scope {
  /** The namespace in the store: the scope that was given, or a hash of the headers that count. */
  readonly name: string
  /** Follows the key of the question: what else decides which answer is meant. Empty when nothing does. */
  readonly variant: string
  /** The headers that count. They hold credentials, and must not be shown. */
  readonly headers: readonly HeaderEntry[]
}

/** The most scopes remembered, so that the header that separates two of them can be named. */
const MAX_SCOPES = 1_000

/** Names whose answers a call may get, without revealing its credentials. */
export class Scopes {
  readonly #known = new Map<string, Scope>()
  readonly #recent: Scope[] = []
  #last:
    | { headers: ReadonlyHeaders; rules: CacheRules; given: string | undefined; plan: Plan; scope: Scope }
    | undefined

  /** @param given the scope of the call, or of the client; undefined for the headers of the request */
  of(request: Identified, given: string | undefined, rules: CacheRules, plan: Plan): Scope {
    const { headers } = request
    const last = this.#last
    // Mostly it is the same as for the last call: calls of a kind share their headers, which no call changes.
    if (last?.headers === headers && last.rules === rules && last.given === given && last.plan === plan)
      return last.scope
    const scope = this.#named(request, given, rules, plan)
    this.#note(scope)
    this.#last = { headers, rules, given, plan, scope }
    return scope
  }

  /** The scopes that calls had lately, the latest last. */
  get recent(): readonly Scope[] {
    return this.#recent
  }

  #note(scope: Scope): void {
    if (this.#recent.at(-1) === scope) return
    const at = this.#recent.indexOf(scope)
    if (at !== -1) this.#recent.splice(at, 1)
    else if (this.#recent.length >= MAX_COMPARED) this.#recent.shift()
    this.#recent.push(scope)
  }

  #named(request: Identified, given: string | undefined, rules: CacheRules, { credentials }: Plan): Scope {
    const counting = identityOf(request).headers.filter(([name]) => !rules.ignoresHeader(name))
    // An explicit scope identifies the caller. Other headers may still change the answer.
    const headers = given === undefined ? counting : counting.filter(([name]) => !namesAccount(name))
    const identity = JSON.stringify([given ?? null, headers, credentials])
    const known = this.#known.get(identity)
    if (known) return known
    const name = given ?? hash(JSON.stringify(headers))
    const beside = given === undefined ? [] : headers
    const variant =
      beside.length === 0 && credentials === '' ? '' : hash(JSON.stringify([beside, credentials]))
    const scope = { name, variant, headers }
    if (this.#known.size >= MAX_SCOPES) this.#known.clear()
    this.#known.set(identity, scope)
    return scope
  }
}

/** The most scopes that one miss is compared with. */
const MAX_COMPARED = 64

const hash = (text: string): string => sha256('sha256', text, 'base64url')
// Not by an import, for which Node would load web crypto, too.
const { hash: sha256 } = /* @__PURE__ */ process.getBuiltinModule('node:crypto')
