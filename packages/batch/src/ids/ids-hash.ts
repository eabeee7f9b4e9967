/**
 * A 53-bit hash of ids and their order (two interleaved FNV-1a hashes), to notice when a source has changed. Not cryptographic: nothing secret
 * depends on it.
 */
export class IdsHash {
  #low = 0x811c9dc5
  #high = 0x9dc5811c

  add(id: string): void {
    for (let at = 0; at <= id.length; at++) {
      // An extra step after the last character, so that the ids 'a', 'bc' differ from 'ab', 'c'.
      const code = at < id.length ? id.charCodeAt(at) : 0x1_0000
      this.#low = Math.imul(this.#low ^ code, 0x01000193)
      this.#high = Math.imul(this.#high ^ (code + at), 0x01000193)
    }
  }

  toString(): string {
    return `${(this.#high >>> 11).toString(16)}-${(this.#low >>> 0).toString(16)}`
  }
}
