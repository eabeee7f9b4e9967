import { hash } from '../base/hash.ts'
import type { ReadonlyHeaders } from '../base/readonly-headers.ts'
import { identityOf, namesAccount, type HeaderEntry } from '../call/identity.ts'
import type { Grouped } from '../routing/state-keys.ts'
import type { Plan } from '../targets/plan.ts'
import type { CacheRules } from '../options/cache-options.ts'
import type { Labels } from '../reporting/labels.ts'
import { scopeLabelsText } from '../options/scope-labels.ts'

/** Identifies the calls that share cached answers: all calls whose scope has the same name and variant. */
export interface Scope {
  /** The name of the scope in the cache: the scope set by the user, or a hash of the headers that identify the caller. */
  readonly name: string
  /** A suffix for the cache key of the request: a hash of everything else that may change the answer. Empty if there is nothing else. */
  readonly variant: string
  /** The headers that may identify the caller or change an answer. They contain credentials, and must never be logged or reported. */
  readonly headers: readonly HeaderEntry[]
}

/** The parts of a scope that the user sets. */
export interface GivenScope {
  readonly scope: string | undefined
  readonly labels: Labels
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
        labels: string
        plan: Plan
        scope: Scope
      }
    | undefined

  /**
   * Returns the scope of a call.
   * @param given what the user set for the call or the client: its `scope`, or else the headers of the request determine the scope; its
   * `labels`, some of which may be part of the scope
   */
  of(request: Grouped, given: GivenScope, rules: CacheRules, plan: Plan): Scope {
    const labels = scopeLabelsText(given.labels, rules)
    const { headers, operation, url = '' } = request
    const credential = operation?.endpoint.credentialIn(url) ?? ''
    const last = this.#last
    // The last scope is tried first. Most calls have the scope of the previous call, since calls of the same kind share one `Headers`
    // object.
    const isSameCaller = last?.headers === headers && last.credential === credential
    const isSameScope = last?.labels === labels && last.given === given.scope
    if (isSameCaller && isSameScope && last.rules === rules && last.plan === plan) return last.scope
    const scope = this.#named(request, credential, given.scope, labels, rules, plan)
    this.#note(scope)
    this.#last = { headers, credential, rules, given: given.scope, labels, plan, scope }
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
    labels: string,
    rules: CacheRules,
    { credentials }: Plan,
  ): Scope {
    const counting = identityOf(request).headers.filter(([name]) => !rules.ignoresHeader(name))
    if (credential !== '') counting.push([URL_CREDENTIAL, credential])
    // A scope set by the user identifies the caller. Headers that do not name an account may still change the answer.
    const headers = given === undefined ? counting : counting.filter(([name]) => !namesAccount(name))
    const identity = JSON.stringify([given ?? null, labels, headers, credentials])
    const known = this.#known.get(identity)
    if (known) return known
    const name = scopeName(given ?? hash(JSON.stringify(headers)), labels)
    const beside = given === undefined ? [] : headers
    const variant =
      beside.length === 0 && credentials === '' ? '' : hash(JSON.stringify([beside, credentials]))
    const scope = { name, variant, headers }
    if (this.#known.size >= MAX_SCOPES) this.#known.clear()
    this.#known.set(identity, scope)
    return scope
  }
}

/**
 * Returns the name of a scope in the cache.
 * @param name the scope that the user set, or the hash of the caller's headers
 * @param labels the text of the labels that are part of the scope; empty if there are none
 */
export function scopeName(name: string, labels: string): string {
  return labels === '' ? name : hash(JSON.stringify([name, labels]))
}

/** The header name under which a credential in the URL is treated like one in a header. */
const URL_CREDENTIAL = '?key'

/** The maximum number of recent scopes. After a cache miss, they are searched for an answer to the same request. */
const MAX_COMPARED = 64
