import { Buffer } from 'node:buffer'

/**
 * The minimum length of a secret that is searched for. Shorter values are too common, and are removed only where they
 * were found.
 */
const MIN_SECRET_LENGTH = 8

/** The secrets of one exchange. They are removed from everything that is stored of the exchange. */
export class Secrets {
  readonly #values = new Set<string>()

  /** Adds a secret. @param value a value or a part of a path that is not known to be harmless */
  add(value: string): void {
    // Of `Bearer sk-…`, the key too.
    for (const part of [value, ...value.split(' ')]) {
      if (part.length < MIN_SECRET_LENGTH) continue
      this.#values.add(part)
      this.#values.add(encodeURIComponent(part))
      this.#values.add(JSON.stringify(part).slice(1, -1))
    }
  }

  /** Replaces the secrets in a text by asterisks. The result has the same number of bytes. */
  removeFrom(text: string): string {
    let clean = text
    for (const value of [...this.#values].sort((one, other) => other.length - one.length)) {
      clean = clean.replaceAll(value, '*'.repeat(Buffer.byteLength(value)))
    }
    return clean
  }
}
