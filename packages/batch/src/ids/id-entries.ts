const BLOCK_BYTES = 64 * 1024
/** The number of addresses (places) in a block. Entries begin at even offsets, so that a place of 32 bits can address twice as many bytes. */
const BLOCK_PLACES = BLOCK_BYTES / 2
const LAST_PLACE = 0xffff_ffff
/** The maximum number of bytes before the characters of an entry: 8 for the value (up to 2^53), 5 for the shape, with seven bits in each byte. */
const MAX_HEAD_BYTES = 8 + 5
const NO_BLOCK = new Uint8Array(0)

/**
 * Stores ids and their values, one after the other, in blocks of bytes. An entry is addressed by its place, a 32-bit number.
 *
 *     shape, never 0 │ value │ characters
 *
 * The shape is the length of the id, and whether its characters take one byte each or two. Shape and value are variable-length numbers with seven
 * bits in each byte: most shapes take one byte, most values three. Characters take one byte each if all of them fit in one, otherwise two. They are
 * not UTF-8, since ids that differ only in a lone surrogate must stay different.
 */
export class IdEntries {
  readonly #blocks: Uint8Array[] = []
  #last = NO_BLOCK
  /** The number of the last block. */
  #lastNumber = 0
  /** The number of bytes used in the last block. */
  #filled = BLOCK_BYTES

  /** Adds an entry. @returns its place, a whole number from 1 */
  add(id: string, value: number): number {
    const wide = isWide(id)
    this.#makeRoom(MAX_HEAD_BYTES + (wide ? 2 * id.length : id.length))
    const block = this.#last
    const begin = this.#filled
    const place = this.#lastNumber * BLOCK_PLACES + begin / 2 + 1
    if (place > LAST_PLACE) throw new RangeError('ids of more than 8 GB cannot be told apart')
    let at = writeNumber(block, begin, 2 * id.length + (wide ? 2 : 1))
    at = writeNumber(block, at, value)
    for (let each = 0; each < id.length; each++) {
      const code = id.charCodeAt(each)
      block[at++] = code
      if (wide) block[at++] = code >> 8
    }
    this.#filled = at + (at % 2)
    return place
  }

  valueAt(place: number): number {
    const block = this.#blockOf(place)
    return numberAt(block, behindNumber(block, offsetOf(place)))
  }

  /** Whether the entry at a place has this id. */
  holds(place: number, id: string): boolean {
    const block = this.#blockOf(place)
    const begin = offsetOf(place)
    const shape = numberAt(block, begin)
    if (lengthOf(shape) !== id.length) return false
    const at = charactersAt(block, begin)
    // Compares from the last character: similar ids usually share their beginning.
    for (let each = id.length - 1; each >= 0; each--) {
      if (codeAt(block, at, shape, each) !== id.charCodeAt(each)) return false
    }
    return true
  }

  /**
   * Visits all entries in the order of adding, and computes a hash of each id.
   *
   * @param first the initial value of the hash
   * @param add returns the hash after one more code unit
   * @param visit called with the place of an entry and the hash of its id
   */
  forEach(
    first: number,
    add: (sum: number, code: number) => number,
    visit: (place: number, sum: number) => void,
  ): void {
    for (const [number, block] of this.#blocks.entries()) {
      let begin = 0
      for (let shape; (shape = numberAt(block, begin)) !== 0;) {
        const at = charactersAt(block, begin)
        const length = lengthOf(shape)
        let sum = first
        for (let each = 0; each < length; each++) sum = add(sum, codeAt(block, at, shape, each))
        visit(number * BLOCK_PLACES + begin / 2 + 1, sum)
        const end = at + (isWideShape(shape) ? 2 * length : length)
        begin = end + (end % 2)
      }
    }
  }

  /** Begins a new block if the last one has too little room. An id larger than a block gets a larger block for itself alone. */
  #makeRoom(bytes: number): void {
    if (this.#filled + bytes <= BLOCK_BYTES) return
    const blocks = Math.ceil(bytes / BLOCK_BYTES)
    this.#lastNumber = this.#blocks.length
    this.#last = new Uint8Array(blocks * BLOCK_BYTES)
    this.#blocks.push(this.#last)
    for (let more = 1; more < blocks; more++) this.#blocks.push(NO_BLOCK)
    this.#filled = 0
  }

  #blockOf(place: number): Uint8Array {
    return this.#blocks[Math.floor((place - 1) / BLOCK_PLACES)] ?? NO_BLOCK
  }
}

function offsetOf(place: number): number {
  return ((place - 1) % BLOCK_PLACES) * 2
}

/** Writes a variable-length number. @returns the offset after the number */
function writeNumber(block: Uint8Array, at: number, value: number): number {
  for (; value > 0x7f; value = Math.floor(value / 128)) block[at++] = 0x80 | (value % 128)
  block[at++] = value
  return at
}

/** Reads a variable-length number. Returns 0 after the last entry, since unused bytes are 0. */
function numberAt(block: Uint8Array, at: number): number {
  let byte = block[at] ?? 0
  if (byte < 0x80) return byte
  let value = 0
  for (let unit = 1; ; unit *= 128) {
    value += (byte & 0x7f) * unit
    if (byte < 0x80) return value
    byte = block[++at] ?? 0
  }
}

/** Returns the offset after the variable-length number that begins at an offset. */
function behindNumber(block: Uint8Array, at: number): number {
  while ((block[at] ?? 0) > 0x7f) at++
  return at + 1
}

/** Returns the offset of the characters of an entry, which come after its shape and value. */
function charactersAt(block: Uint8Array, begin: number): number {
  return behindNumber(block, behindNumber(block, begin))
}

/**
 * Returns the length of an id, from the shape of its entry. The shape is twice the length, plus 1 if each character takes one byte, or plus 2 if each
 * takes two.
 */
function lengthOf(shape: number): number {
  return Math.ceil(shape / 2) - 1
}

function isWideShape(shape: number): boolean {
  return shape % 2 === 0
}

function codeAt(block: Uint8Array, at: number, shape: number, index: number): number {
  if (!isWideShape(shape)) return block[at + index] ?? 0
  return (block[at + 2 * index] ?? 0) | ((block[at + 2 * index + 1] ?? 0) << 8)
}

function isWide(id: string): boolean {
  for (let at = 0; at < id.length; at++) if (id.charCodeAt(at) > 0xff) return true
  return false
}
