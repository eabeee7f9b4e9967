/**
 * What a key or a tag is called inside: different for each scope, however keys and scopes are spelt. What has no scope, the
 * usual case, is its own name: a string that was hashed before need not be hashed again.
 */
export function nameIn(scope: string | undefined, name: string): string {
  if (scope === undefined) return name.charCodeAt(0) === MARK_CODE ? `${MARK}/${name}` : name
  return prefixOf(scope) + name
}

/** What every name in a scope begins with, and no other name. */
export function prefixOf(scope: string): string {
  if (scope !== last.scope)
    last = { scope, prefix: `${MARK}${scope.replaceAll('%', '%25').replaceAll('/', '%2F')}/` }
  return last.prefix
}

/** Of the scope that was asked for last: many calls in turn have the same. */
let last = { scope: '', prefix: '@/' }

export function tagsIn(scope: string | undefined, tags: readonly string[] | undefined): readonly string[] {
  return tags === undefined ? NO_TAGS : tags.map((tag) => nameIn(scope, tag))
}

const NO_TAGS: readonly string[] = []
/** A scope is never empty, so nothing else begins with the mark and a slash. */
const MARK = '@'
const MARK_CODE = 64
