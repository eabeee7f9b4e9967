/** More than this wait for a store only when it hangs. */
const MOST_WAITING = 1_000

/**
 * The writes and deletes of a store, each key's one after the other: a delete must not be overtaken by the write before it,
 * however late that one lands. Different keys do not wait for each other.
 */
export class Mutations {
  readonly #last = new Map<string, Promise<void>>()

  /** Whether the store is so far behind that what need not be written should not be. */
  get full(): boolean {
    return this.#last.size >= MOST_WAITING
  }

  /** Runs the operation after all earlier ones of this key, and settles as it does. */
  run(key: string, operation: () => Promise<void>): Promise<void> {
    const before = this.#last.get(key)
    const running = before ? before.then(operation) : operation()
    const settled = running
      .catch(() => undefined)
      .then(() => {
        if (this.#last.get(key) === settled) this.#last.delete(key)
      })
    this.#last.set(key, settled)
    return running
  }

  /** Resolves when all that was begun until now has ended. */
  async idle(): Promise<void> {
    await Promise.all(this.#last.values())
  }
}
