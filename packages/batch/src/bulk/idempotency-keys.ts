const LONGEST = 200

/** Keys by which servers know a request again. A header takes 255 characters of ASCII, an id may be anything. */
export class IdempotencyKeys {
  /** What no other run has; a journal has its own, and keeps it. @default a UUID, made when it is needed */
  run: string | undefined

  of(id: string): string {
    this.run ??= crypto.randomUUID()
    const plain = id.length > LONGEST || !id.isWellFormed() ? '' : encodeURIComponent(id)
    return `${this.run}-${plain !== '' && plain.length <= LONGEST ? plain : digestOf(id)}`
  }
}

/** 128 bits of an id that is too long or cannot be encoded, and its length. There is no synchronous hash that every runtime has. */
function digestOf(id: string): string {
  const sums = [0x811c9dc5, 0x9e3779b9, 0x85ebca6b, 0xc2b2ae35].map((seed) => {
    let sum = seed
    for (let at = 0; at < id.length; at++) {
      sum = Math.imul(sum ^ id.charCodeAt(at), 0x01000193 + (seed & 0xfffe))
      sum ^= sum >>> 13
    }
    return (sum >>> 0).toString(16).padStart(8, '0')
  })
  return `${sums.join('')}-${id.length}`
}
