/**
 * The names under which a model may be listed, the most exact first. A request may name it by a path (`models/…` and
 * `publishers/google/models/…` at Google), with a gateway's prefix or variant, or with a version.
 * @param providerId the provider's id in the price list
 */
export function namesOf(model: string, providerId: string): readonly string[] {
  const bare = model.replace(/^(?:.*\/)?models\//, '').replace(new RegExp(`^${providerId}/`), '')
  const withoutVariant = /:free$/.test(bare) ? bare : bare.replace(/:[a-z]+$/, '')
  // Vertex writes the version of Anthropic's models after an `@`.
  const versionless = withoutVariant.replace(/@[\w-]+$/, '')
  const undated = versionless.replace(/-(?:latest|\d{4}-\d{2}-\d{2}|\d{8})$/, '')
  const unnumbered = providerId === 'google' ? undated.replace(/-\d{3}$/, '') : undated
  return [...new Set([model, bare, withoutVariant, versionless, undated, unnumbered])]
}

/** What may follow the name of a model without making it another model: a version, a date, a stage of its release, a variant. */
const VERSION =
  /^(?:[-@](?:latest|default|preview|exp|experimental|thinking|\d{8}|\d{3,4}|\d{2}-\d{2,4}|\d{4}-\d{2}-\d{2})|:[\w.]+)*$/

/**
 * Whether a listed model is the one with this name. The price list compares the beginning of some names, so that a newer model,
 * `claude-sonnet-5-5`, may be found as an older one, `claude-sonnet-5`.
 * @param listed the model's id in the price list
 */
export function isSameModel(name: string, listed: string): boolean {
  const at = /^(?:claude|gemini)-/.test(listed) ? name.toLowerCase().indexOf(listed) : -1
  return at === -1 || VERSION.test(name.slice(at + listed.length))
}
