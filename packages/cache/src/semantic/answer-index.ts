import { VectorPartition, type Neighbour, type StoredAnswer } from './vector-partition.ts'

/** All stored answers, by partition. Their number is bounded over all partitions; the least recently used one is evicted first. */
export class AnswerIndex<Value> {
  readonly #maxEntries: number
  readonly #partitions = new Map<string, VectorPartition<Value>>()
  /** The least recently used entry first. */
  readonly #byUse = new Set<StoredAnswer<Value>>()
  /** The length of all vectors. */
  #length: number | undefined

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries
  }

  get entries(): number {
    return this.#byUse.size
  }

  get partitions(): number {
    return this.#partitions.size
  }

  /** Returns the answer that was stored for exactly this text. */
  withText(partition: string, text: string, now: number): StoredAnswer<Value> | undefined {
    const entry = this.#partitions.get(partition)?.withText(text)
    return entry && this.#isAlive(entry, now) ? entry : undefined
  }

  /** Returns the answers to texts that are at least `threshold` similar, the most similar one first. */
  near(partition: string, vector: Float32Array, threshold: number, now: number): Neighbour<Value>[] {
    if (vector.length !== this.#length) return []
    const found = this.#partitions.get(partition)?.near(vector, threshold) ?? []
    return found.filter(({ entry }) => this.#isAlive(entry, now))
  }

  /** Adds an answer, in the place of another one to the same text. @returns false if the vectors of the others have another length */
  add(entry: StoredAnswer<Value>, vector: Float32Array): boolean {
    if (this.#byUse.size === 0) this.#length = vector.length
    if (vector.length !== this.#length) return false
    this.delete(entry.partition, entry.text)
    let partition = this.#partitions.get(entry.partition)
    if (!partition) this.#partitions.set(entry.partition, (partition = new VectorPartition(vector.length)))
    partition.add(entry, vector)
    this.#byUse.add(entry)
    const [oldest] = this.#byUse
    if (this.#byUse.size > this.#maxEntries && oldest) this.#remove(oldest)
    return true
  }

  /** Notes that an answer was found. */
  used(entry: StoredAnswer<Value>): void {
    if (this.#byUse.delete(entry)) this.#byUse.add(entry)
  }

  delete(partition: string, text: string): boolean {
    const entry = this.#partitions.get(partition)?.withText(text)
    if (entry) this.#remove(entry)
    return entry !== undefined
  }

  clear(partition?: string): void {
    if (partition === undefined) {
      this.#partitions.clear()
      this.#byUse.clear()
      return
    }
    for (const entry of this.#partitions.get(partition)?.entries ?? []) this.#byUse.delete(entry)
    this.#partitions.delete(partition)
  }

  #isAlive(entry: StoredAnswer<Value>, now: number): boolean {
    if (now < entry.expiresAt) return true
    this.#remove(entry)
    return false
  }

  #remove(entry: StoredAnswer<Value>): void {
    this.#byUse.delete(entry)
    const partition = this.#partitions.get(entry.partition)
    partition?.remove(entry)
    if (partition?.size === 0) this.#partitions.delete(entry.partition)
  }
}
