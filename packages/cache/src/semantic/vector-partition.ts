/** One stored answer. */
export interface StoredAnswer<Value> {
  readonly partition: string
  readonly text: string
  readonly value: Value
  readonly storedAt: number
  readonly expiresAt: number
}

/** An entry that is similar to a vector. */
export interface Neighbour<Value> {
  readonly entry: StoredAnswer<Value>
  readonly similarity: number
}

/** The entries of one partition, with their vectors in one array: comparing all of them takes one pass over contiguous memory. */
export class VectorPartition<Value> {
  readonly #length: number
  readonly #entries: StoredAnswer<Value>[] = []
  readonly #places = new Map<string, number>()
  #vectors: Float32Array

  /** @param length the number of numbers in each vector */
  constructor(length: number) {
    this.#length = length
    this.#vectors = new Float32Array(length * FIRST_ENTRIES)
  }

  get size(): number {
    return this.#entries.length
  }

  get entries(): readonly StoredAnswer<Value>[] {
    return this.#entries
  }

  withText(text: string): StoredAnswer<Value> | undefined {
    const place = this.#places.get(text)
    return place === undefined ? undefined : this.#entries[place]
  }

  add(entry: StoredAnswer<Value>, vector: Float32Array): void {
    const place = this.#entries.length
    const start = place * this.#length
    if (start === this.#vectors.length) this.#resize(2 * start)
    this.#vectors.set(vector, start)
    this.#entries.push(entry)
    this.#places.set(entry.text, place)
  }

  /** Removes an entry. The last one takes its place. */
  remove({ text }: StoredAnswer<Value>): void {
    const place = this.#places.get(text)
    const last = this.#entries.pop()
    if (place === undefined || last === undefined) return
    this.#places.delete(text)
    if (last.text !== text) {
      const from = this.#entries.length * this.#length
      this.#vectors.copyWithin(place * this.#length, from, from + this.#length)
      this.#entries[place] = last
      this.#places.set(last.text, place)
    }
    // Otherwise many partitions that were large once would keep their memory.
    const used = this.#entries.length * this.#length
    if (used > 0 && 4 * used < this.#vectors.length) this.#resize(2 * used)
  }

  /** The size of the vectors in memory, in numbers. */
  get room(): number {
    return this.#vectors.length
  }

  /** Returns the entries that are at least `threshold` similar, the most similar one first. */
  near(vector: Float32Array, threshold: number): Neighbour<Value>[] {
    const found: Neighbour<Value>[] = []
    for (const [place, entry] of this.#entries.entries()) {
      const similarity = this.#similarity(place * this.#length, vector)
      if (similarity >= threshold) found.push({ entry, similarity })
    }
    return found.sort((one, other) => other.similarity - one.similarity)
  }

  #similarity(start: number, vector: Float32Array): number {
    const vectors = this.#vectors
    const length = this.#length
    // Four sums, since an addition otherwise waits for the one before it. Destructured variables would take three times as long.
    let a = 0
    let b = 0
    let c = 0
    let d = 0
    let at = 0
    for (; at + 3 < length; at += 4) {
      const from = start + at
      a += (vectors[from] as number) * (vector[at] as number)
      b += (vectors[from + 1] as number) * (vector[at + 1] as number)
      c += (vectors[from + 2] as number) * (vector[at + 2] as number)
      d += (vectors[from + 3] as number) * (vector[at + 3] as number)
    }
    for (; at < length; at++) a += (vectors[start + at] as number) * (vector[at] as number)
    // Rounding may lead beyond 1.
    return Math.min(1, a + b + c + d)
  }

  #resize(room: number): void {
    const vectors = new Float32Array(room)
    vectors.set(this.#vectors.subarray(0, room))
    this.#vectors = vectors
  }
}

const FIRST_ENTRIES = 4
