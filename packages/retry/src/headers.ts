/** Headers in the shapes HTTP clients hand them out: fetch's `Headers`, a plain record, anything with `get`. */
export type HeadersLike =
  | Headers
  | Readonly<Record<string, string | readonly string[] | undefined>>
  | { get(name: string): string | null | undefined }

/** The value of a header, the first if there are several. `name` is in lower case; a record may use any case. */
export function readHeader(headers: HeadersLike, name: string): string | undefined {
  if (typeof headers.get === 'function') return (headers as Headers).get(name) ?? undefined
  for (const [key, value] of Object.entries(headers)) {
    if (key.toLowerCase() === name && value != null) return String(Array.isArray(value) ? value[0] : value)
  }
  return undefined
}
