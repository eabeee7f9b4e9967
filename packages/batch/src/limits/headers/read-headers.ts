/** Headers in the forms that HTTP clients use: fetch's `Headers`, a plain record with names in any case, anything with `get`. */
export type HeadersLike =
  | Headers
  | Readonly<Record<string, string | readonly string[] | undefined>>
  | {
      /** Returns the value of a header, or null or undefined without it. `name` is in lower case. */ get(
        name: string,
      ): string | null | undefined
    }

/**
 * Returns a function that reads a header by its lower-case name. If there are several headers with this name, it returns the first. The names in a
 * record may be in any case.
 */
export function headerReader(headers: HeadersLike): (name: string) => string | undefined {
  return (name) => readHeaders(headers, name)[0]?.[1]
}

/**
 * Returns the headers whose lower-case name equals or matches `wanted`. If there are several headers with one name, only the first is included. The
 * names in a record may be in any case.
 *
 * @param names the names to look up if the headers cannot be listed
 */
export function readHeaders(
  headers: HeadersLike,
  wanted: string | RegExp,
  names: () => Iterable<string> = () => (typeof wanted === 'string' ? [wanted] : []),
): [name: string, value: string][] {
  const found: [string, string][] = []
  if (typeof headers.get === 'function') {
    const reader = headers as Headers
    const listed = typeof wanted !== 'string' && typeof (reader.keys as unknown) === 'function'
    for (const name of listed ? reader.keys() : names()) {
      if (listed && !isWanted(name.toLowerCase(), wanted)) continue
      const value: unknown = reader.get(name)
      if (typeof value === 'string') found.push([name.toLowerCase(), value])
    }
    return found
  }
  for (const [name, value] of Object.entries(headers as Readonly<Record<string, unknown>>)) {
    const lower = name.toLowerCase()
    if (!isWanted(lower, wanted)) continue
    const first: unknown = Array.isArray(value) ? value[0] : value
    if (typeof first === 'string' || typeof first === 'number') found.push([lower, String(first)])
  }
  return found
}

function isWanted(name: string, wanted: string | RegExp): boolean {
  return typeof wanted === 'string' ? name === wanted : wanted.test(name)
}
