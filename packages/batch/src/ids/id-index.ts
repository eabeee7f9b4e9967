import { IdEntries } from './id-entries.ts'

const FIRST_SLOTS = 1024

/**
 * A map from ids to whole numbers, in memory outside the JavaScript heap. Each id takes its characters and about 16 bytes. A `Map` takes four times
 * that, is traversed by the garbage collector, and holds at most 16.7 million entries. Ids are never removed. Two ids with the same hash are compared
 * character by character.
 *
 * Uses open addressing with linear probing: an id is in the slot of its hash, or in the next slot that was free.
 */
export class IdIndex {
  #size = 0
  /** For each slot, the place of its entry in `#entries`; 0 for a free slot. At most three quarters of the slots are used. */
  #slots = new Uint32Array(FIRST_SLOTS)
  /** For each slot, eight further bits of the hash of its id. If they differ from those of another id, the characters need not be compared. */
  #tags = new Uint8Array(FIRST_SLOTS)
  readonly #entries = new IdEntries()

  get size(): number {
    return this.#size
  }

  /** Returns the value of an id; undefined if the map does not contain the id. */
  get(id: string): number | undefined {
    const place = this.#slots[this.#slotOf(id, hashOf(id))] ?? 0
    return place === 0 ? undefined : this.#entries.valueAt(place)
  }

  /** Sets the value of an id, unless the id already has one. @returns the existing value, if there is one */
  add(id: string, value: number): number | undefined {
    const hash = hashOf(id)
    const slot = this.#slotOf(id, hash)
    const taken = this.#slots[slot] ?? 0
    if (taken !== 0) return this.#entries.valueAt(taken)
    this.#slots[slot] = this.#entries.add(id, value)
    this.#tags[slot] = hash >>> 24
    this.#size++
    if (this.#size * 4 > this.#slots.length * 3) this.#growSlots()
    return undefined
  }

  /** Finds the slot that holds the id, or the free one where it belongs. */
  #slotOf(id: string, hash: number): number {
    const mask = this.#slots.length - 1
    const tag = hash >>> 24
    let slot = hash & mask
    for (;;) {
      const place = this.#slots[slot] ?? 0
      if (place === 0 || (this.#tags[slot] === tag && this.#entries.holds(place, id))) return slot
      slot = (slot + 1) & mask
    }
  }

  #growSlots(): void {
    const slots = new Uint32Array(this.#slots.length * 2)
    const tags = new Uint8Array(slots.length)
    const mask = slots.length - 1
    this.#entries.forEach(FIRST_HASH, hashedWith, (place, sum) => {
      const hash = mixed(sum)
      let slot = hash & mask
      while (slots[slot] !== 0) slot = (slot + 1) & mask
      slots[slot] = place
      tags[slot] = hash >>> 24
    })
    // Frees the old buffers at once, instead of with the next garbage collection.
    this.#slots.buffer.transfer(0)
    this.#tags.buffer.transfer(0)
    this.#slots = slots
    this.#tags = tags
  }
}

const FIRST_HASH = 0x811c9dc5

/** Adds one code unit to an FNV-1a hash. */
function hashedWith(hash: number, code: number): number {
  return Math.imul(hash ^ code, 0x01000193)
}

/** Mixes an FNV-1a hash once more, since its low bits alone are poorly distributed. */
function mixed(hash: number): number {
  const once = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return (once ^ (once >>> 13)) >>> 0
}

function hashOf(id: string): number {
  let hash = FIRST_HASH
  for (let at = 0; at < id.length; at++) hash = hashedWith(hash, id.charCodeAt(at))
  return mixed(hash)
}
