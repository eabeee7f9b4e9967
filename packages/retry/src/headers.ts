/** Headers in the shapes HTTP clients hand them out: fetch's `Headers`, a plain record, anything with `get`. */
export type HeadersLike =
  | Headers
  | Readonly<Record<string, string | readonly string[] | undefined>>
  | { get(name: string): string | null | undefined }
