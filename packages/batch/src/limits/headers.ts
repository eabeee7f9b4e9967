/** Headers in the shapes HTTP clients hand them out: fetch's `Headers`, a plain record, anything with `get`. */
export type HeadersLike =
  | Headers
  | Readonly<Record<string, string | readonly string[] | undefined>>
  | { get(name: string): string | null | undefined }

/** Reads headers by their name in lower case; of several with one name, the first. A record may use any case. */
export function headerReader(headers: HeadersLike): (name: string) => string | undefined {
  if (typeof headers.get === 'function') return (name) => (headers as Headers).get(name) ?? undefined
  const values = new Map<string, string>()
  for (const [name, value] of Object.entries(headers as Readonly<Record<string, unknown>>)) {
    const first: unknown = Array.isArray(value) ? value[0] : value
    if (typeof first === 'string' || typeof first === 'number') values.set(name.toLowerCase(), String(first))
  }
  return (name) => values.get(name)
}
