/** An object as it came over the wire. */
export type Json = Readonly<Record<string, unknown>>

/** The object that a text spells, or undefined if it spells none. */
export function parse(text: string): Json | undefined {
  try {
    const value = JSON.parse(text) as unknown
    return typeof value === 'object' && value !== null ? (value as Json) : undefined
  } catch {
    return undefined
  }
}

export function list(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.map(record) : []
}

export function record(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {}
}
