/**
 * `String()` for numbers that come in their order. V8 remembers the last 16,384 numbers that were made to strings, which for a
 * million items makes its young generation five times as large: these strings are put together from two.
 */
export class PlaceNames {
  readonly #lastDigits = Array.from({ length: 1_000 }, (_, at) => String(at).padStart(3, '0'))
  #thousands = -1
  #prefix = ''

  of(place: number): string {
    if (place < 1_000) return String(place)
    const thousands = Math.floor(place / 1_000)
    if (thousands !== this.#thousands) {
      this.#thousands = thousands
      this.#prefix = String(thousands)
    }
    return this.#prefix + (this.#lastDigits[place % 1_000] ?? '')
  }
}
