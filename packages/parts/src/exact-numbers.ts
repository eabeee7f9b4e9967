/** The parts of `JSON` that the library of TypeScript does not declare yet. */
interface ExactJson {
  readonly parse: (
    text: string,
    reviver: (name: string, value: unknown, context: { readonly source?: string }) => unknown,
  ) => unknown
  /** Missing in older browsers. */
  readonly rawJSON?: (text: string) => unknown
}

/** Matches a text that may contain a number which JavaScript would round: one of 16 characters, or with an exponent of three digits. */
const MAY_BE_ROUNDED = /\d[\d.]{15}|e\+?\d{3}/i

/**
 * Parses JSON, and keeps the digits of numbers that JavaScript would round, such as the ids of some databases: `JSON.stringify()` writes them
 * as they were. Until then, each of them is an object, not a number.
 *
 * @throws SyntaxError when the text is not JSON
 */
export function parseExactly(text: string): unknown {
  const { parse, rawJSON } = JSON as unknown as ExactJson
  if (!rawJSON || !MAY_BE_ROUNDED.test(text)) return JSON.parse(text)
  return parse(text, (_, value, { source = '' }) =>
    typeof value === 'number' && MAY_BE_ROUNDED.test(source) && String(value) !== source
      ? rawJSON(source)
      : value,
  )
}
