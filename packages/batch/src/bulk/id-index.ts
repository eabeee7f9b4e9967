const BLOCK_BYTES = 64 * 1024
const FIRST_SLOTS = 1024

/**
 * A map from ids to whole numbers that keeps a million ids in the room of their characters and about 30 bytes each, outside
 * the heap. A Map of strings takes two to three times that, all of it for the garbage collector to walk, and ends at 16.7
 * million entries. Nothing is ever taken out.
 *
 * Characters stand in blocks, one byte each where they all fit in one, else two, never as UTF-8: two ids that differ in a lone
 * surrogate are two ids. Slots are found by hash, then by the next free one.
 */
export class IdIndex {
  #size = 0
  /** Entry numbers, counted from 1; 0 is a free slot. At most three quarters are taken. */
  #slots = new Uint32Array(FIRST_SLOTS)
  #hashes = new Uint32Array(FIRST_SLOTS)
  /** Twice the number of characters, plus one where they take two bytes. */
  #shapes = new Uint32Array(FIRST_SLOTS)
  #blockOf = new Uint32Array(FIRST_SLOTS)
  #offsetIn = new Uint16Array(FIRST_SLOTS)
  #values = new Float64Array(FIRST_SLOTS)
  readonly #blocks: Uint8Array[] = []
  /** How much of the last block is taken. */
  #filled = BLOCK_BYTES

  get size(): number {
    return this.#size
  }

  /** What is kept for an id. */
  get(id: string): number | undefined {
    const entry = this.#slots[this.#slotOf(id, hashOf(id))] ?? 0
    return entry === 0 ? undefined : this.#values[entry - 1]
  }

  /** Keeps a value for an id that has none. @returns the one that it has, if it has one */
  add(id: string, value: number): number | undefined {
    const hash = hashOf(id)
    const slot = this.#slotOf(id, hash)
    const taken = this.#slots[slot] ?? 0
    if (taken !== 0) return this.#values[taken - 1]
    if (this.#size === this.#values.length) this.#growColumns()
    const entry = this.#size++
    this.#hashes[entry] = hash
    this.#values[entry] = value
    this.#store(id, entry)
    this.#slots[slot] = this.#size
    if (this.#size * 4 > this.#slots.length * 3) this.#growSlots()
    return undefined
  }

  /** The slot that holds the id, or the free one where it belongs. */
  #slotOf(id: string, hash: number): number {
    const mask = this.#slots.length - 1
    let slot = hash & mask
    for (;;) {
      const entry = this.#slots[slot] ?? 0
      if (entry === 0 || (this.#hashes[entry - 1] === hash && this.#holds(entry - 1, id))) return slot
      slot = (slot + 1) & mask
    }
  }

  #holds(entry: number, id: string): boolean {
    const shape = this.#shapes[entry] ?? 0
    if (shape >> 1 !== id.length) return false
    const block = this.#blocks[this.#blockOf[entry] ?? 0]
    const offset = this.#offsetIn[entry] ?? 0
    for (let at = 0; at < id.length; at++) {
      const code =
        (shape & 1) === 0
          ? block?.[offset + at]
          : (block?.[offset + 2 * at] ?? 0) | ((block?.[offset + 2 * at + 1] ?? 0) << 8)
      if (code !== id.charCodeAt(at)) return false
    }
    return true
  }

  #store(id: string, entry: number): void {
    const wide = isWide(id)
    const bytes = wide ? 2 * id.length : id.length
    // An id larger than a block gets one of its own.
    if (this.#filled + bytes > BLOCK_BYTES) {
      this.#blocks.push(new Uint8Array(Math.max(BLOCK_BYTES, bytes)))
      this.#filled = 0
    }
    const block = this.#blocks[this.#blocks.length - 1]
    this.#shapes[entry] = 2 * id.length + (wide ? 1 : 0)
    this.#blockOf[entry] = this.#blocks.length - 1
    this.#offsetIn[entry] = this.#filled
    for (let at = 0; block && at < id.length; at++) {
      const code = id.charCodeAt(at)
      if (wide) {
        block[this.#filled++] = code & 0xff
        block[this.#filled++] = code >> 8
      } else block[this.#filled++] = code
    }
  }

  #growColumns(): void {
    const length = this.#values.length * 2
    this.#hashes = grown(this.#hashes, new Uint32Array(length))
    this.#shapes = grown(this.#shapes, new Uint32Array(length))
    this.#blockOf = grown(this.#blockOf, new Uint32Array(length))
    this.#offsetIn = grown(this.#offsetIn, new Uint16Array(length))
    this.#values = grown(this.#values, new Float64Array(length))
  }

  #growSlots(): void {
    const slots = new Uint32Array(this.#slots.length * 2)
    const mask = slots.length - 1
    for (let entry = 0; entry < this.#size; entry++) {
      let slot = (this.#hashes[entry] ?? 0) & mask
      while (slots[slot] !== 0) slot = (slot + 1) & mask
      slots[slot] = entry + 1
    }
    this.#slots = slots
  }
}

function grown<Column extends Uint16Array | Uint32Array | Float64Array>(from: Column, to: Column): Column {
  to.set(from)
  return to
}

/** FNV-1a over the code units, mixed once more: its low bits alone are poor. */
function hashOf(id: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < id.length; at++) hash = Math.imul(hash ^ id.charCodeAt(at), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return (hash ^ (hash >>> 13)) >>> 0
}

function isWide(id: string): boolean {
  for (let at = 0; at < id.length; at++) if (id.charCodeAt(at) > 0xff) return true
  return false
}
