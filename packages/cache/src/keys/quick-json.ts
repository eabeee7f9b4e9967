/** Deeper than any request of a sane caller. */
const DEEPEST = 50

/**
 * Canonical JSON of what is plain: records, lists, texts, finite numbers. Anything that needs a second look, such as a `toJSON`, a
 * class, a cycle or NaN, makes it undefined, and is left to those who look.
 *
 * @param ignore properties of this one that are left out
 */
export function quickJson(value: unknown, ignore?: readonly string[], depth = 0): string | undefined {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value)
    case 'number':
      return Number.isFinite(value) ? String(value) : undefined
    case 'boolean':
      return value ? 'true' : 'false'
    case 'object':
      if (value === null) return 'null'
      if (depth > DEEPEST) return undefined
      return Array.isArray(value)
        ? listJson(value as readonly unknown[], depth)
        : recordJson(value, ignore, depth)
    default:
      return undefined
  }
}

function listJson(list: readonly unknown[], depth: number): string | undefined {
  if (Object.getPrototypeOf(list) !== Array.prototype || 'toJSON' in list) return undefined
  let json = '['
  for (let at = 0; at < list.length; at++) {
    const item = quickJson(list[at], undefined, depth + 1)
    if (item === undefined) return undefined
    json += at === 0 ? item : ',' + item
  }
  return json + ']'
}

/** Sorted. Records have few names, and to insert them one after the other costs less than to have them sorted. */
function inOrder(names: string[]): string[] {
  if (names.length > MOST_INSERTED) return names.sort()
  for (let from = 1; from < names.length; from++) {
    const name = names[from] as string
    let at = from
    for (; at > 0 && (names[at - 1] as string) > name; at--) names[at] = names[at - 1] as string
    names[at] = name
  }
  return names
}

const MOST_INSERTED = 30

function recordJson(
  record: object,
  ignore: readonly string[] | undefined,
  depth: number,
): string | undefined {
  const prototype: unknown = Object.getPrototypeOf(record)
  if ((prototype !== Object.prototype && prototype !== null) || 'toJSON' in record) return undefined
  let json = '{'
  for (const name of inOrder(Object.keys(record))) {
    const value = (record as Readonly<Record<string, unknown>>)[name]
    if (value === undefined || ignore?.includes(name)) continue
    const member = quickJson(value, undefined, depth + 1)
    if (member === undefined) return undefined
    json += (json === '{' ? '' : ',') + JSON.stringify(name) + ':' + member
  }
  return json + '}'
}
