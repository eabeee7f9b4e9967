import { hash } from 'node:crypto'

/** What of a request says on whose behalf it is made, and which answer it means beside its body. */
const IDENTITY = ['authorization', 'api-key', 'openai-organization', 'openai-project', 'openai-beta'] as const
const MOST_SCOPES = 1_000
const scopes = new Map<string, string>()

/** A name for a credential that does not tell it. Two credentials never share one. */
export function scopeOf(headers: Headers): string {
  const identity = IDENTITY.map((name) => headers.get(name) ?? '').join('\n')
  const known = scopes.get(identity)
  if (known !== undefined) return known
  const scope = hash('sha256', identity, 'base64url')
  if (scopes.size >= MOST_SCOPES) scopes.clear()
  scopes.set(identity, scope)
  return scope
}
