import type { ReadonlyHeaders } from '../base/readonly-headers.ts'
import { identityOf, namesAccount, type HeaderEntry } from '../call/identity.ts'
import type { Grouped } from '../routing/state-keys.ts'
import type { Plan } from '../targets/routes.ts'
import type { CacheRules } from '../options/cache-options.ts'

/** Identifies the calls that share cached answers: all calls whose scope has the same name and variant. */
export interface Scope {
  /** The name of the scope in the cache: the scope set by the user, or a hash of the headers that identify the caller. */
  readonly name: string
  /** A suffix for the cache key of the request: a hash of everything else that may change the answer. Empty if there is nothing else. */
  readonly variant: string
  /** The headers that may identify the caller or change an answer. They contain credentials, and must never be logged or reported. */
  readonly headers: readonly HeaderEntry[]
}

/** The maximum number of scopes that are remembered. */
const MAX_SCOPES = 1_000

/** Computes the scopes of calls. The name of a scope reveals no credentials. */
export class Scopes {
  readonly #known = new Map<string, Scope>()
  readonly #recent: Scope[] = []
  #last:
    | {
        headers: ReadonlyHeaders
        credential: string
        rules: CacheRules
        given: string | undefined
        plan: Plan
        scope: Scope
      }
    | undefined

  /**
   * Returns the scope of a call.
   * @param given the scope that the user set for the call or the client; if undefined, the headers of the request determine the scope
   */
  of(request: Grouped, given: string | undefined, rules: CacheRules, plan: Plan): Scope {
    const { headers, operation, url = '' } = request
    const credential = operation?.endpoint.credentialIn(url) ?? ''
    const last = this.#last
    // The last scope is tried first. Most calls have the scope of the previous call, since calls of the same kind share one `Headers`
    // object.
    const isSameCaller = last?.headers === headers && last.credential === credential
    if (isSameCaller && last.rules === rules && last.given === given && last.plan === plan) return last.scope
    const scope = this.#named(request, credential, given, rules, plan)
    this.#note(scope)
    this.#last = { headers, credential, rules, given, plan, scope }
    return scope
  }

  /** The scopes of the latest calls, the newest one last. */
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

  #named(
    request: Grouped,
    credential: string,
    given: string | undefined,
    rules: CacheRules,
    { credentials }: Plan,
  ): Scope {
    const counting = identityOf(request).headers.filter(([name]) => !rules.ignoresHeader(name))
    if (credential !== '') counting.push([URL_CREDENTIAL, credential])
    // A scope set by the user identifies the caller. Headers that do not name an account may still change the answer.
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

/** The header name under which a credential in the URL is treated like one in a header. */
const URL_CREDENTIAL = '?key'

/** The maximum number of recent scopes. After a cache miss, they are searched for an answer to the same request. */
const MAX_COMPARED = 64

const hash = (text: string): string => sha256('sha256', text, 'base64url')
// An import of `node:crypto` would also load web crypto.
const { hash: sha256 } = /* @__PURE__ */ process.getBuiltinModule('node:crypto')
