/**
 * Converts indexes in ascending order to strings, as `String()` does, but without V8's number-to-string cache. That cache holds the strings of the
 * last 16,384 conversions, so they would survive collections of the young generation. Here, each string is concatenated from two parts instead: see
 * docs/decisions/young-generation.md.
 */
export class IndexStrings {
  readonly #lastDigits = Array.from({ length: 1_000 }, (_, at) => String(at).padStart(3, '0'))
  #thousands = -1
  #prefix = ''

  of(index: number): string {
    if (index < 1_000) return String(index)
    const thousands = Math.floor(index / 1_000)
    if (thousands !== this.#thousands) {
      this.#thousands = thousands
      this.#prefix = String(thousands)
    }
    return this.#prefix + (this.#lastDigits[index % 1_000] ?? '')
  }
}
