/** What of a request says on whose behalf it is made, and which answer it means beside its body. */
const IDENTITY = ['authorization', 'api-key', 'openai-organization', 'openai-project', 'openai-beta'] as const
const MOST = 1_000

/** Names credentials without telling them. Two credentials never share a name. */
export class Scopes {
  readonly #known = new Map<string, string>()
  #last: { readonly headers: Headers; readonly scope: string } | undefined

  of(headers: Headers): string {
    // Calls of a kind share their headers, which nobody changes.
    if (headers === this.#last?.headers) return this.#last.scope
    const scope = this.#named(headers)
    this.#last = { headers, scope }
    return scope
  }

  #named(headers: Headers): string {
    const identity = IDENTITY.map((name) => headers.get(name) ?? '').join('\n')
    const known = this.#known.get(identity)
    if (known !== undefined) return known
    const scope = hash('sha256', identity, 'base64url')
    if (this.#known.size >= MOST) this.#known.clear()
    this.#known.set(identity, scope)
    return scope
  }
}

// Not by an import, for which Node would load web crypto, too.
const { hash } = /* @__PURE__ */ process.getBuiltinModule('node:crypto')
