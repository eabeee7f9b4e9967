/** An object of unknown shape, as it was parsed. */
export type Facts = Readonly<Record<string, unknown>>

export function isRecord(value: unknown): value is Facts {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
