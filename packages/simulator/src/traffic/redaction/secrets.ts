import { Buffer } from 'node:buffer'

/** Shorter values are too common to be searched for: they are only removed where they stood. */
const MIN_SECRET_LENGTH = 8

/** The secrets of one exchange. They are removed wherever they occur in what is stored of it. */
export class Secrets {
  readonly #values = new Set<string>()

  /** @param value of a header or of a query parameter that is not known to be harmless */
  add(value: string): void {
    // Of `Bearer sk-…`, the key too.
    for (const part of [value, ...value.split(' ')]) {
      if (part.length < MIN_SECRET_LENGTH) continue
      this.#values.add(part)
      this.#values.add(encodeURIComponent(part))
      this.#values.add(JSON.stringify(part).slice(1, -1))
    }
  }

  /** The text with asterisks for secrets, of the same number of bytes. */
  removeFrom(text: string): string {
    let clean = text
    for (const value of [...this.#values].sort((one, other) => other.length - one.length)) {
      clean = clean.replaceAll(value, '*'.repeat(Buffer.byteLength(value)))
    }
    return clean
  }
}
