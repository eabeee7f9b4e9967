/** The maximum number of keys with pending operations. A store with more of them is probably hanging. */
const MAX_WAITING = 1_000

/**
 * Runs the writes and deletes of a store. Those of one key run one after the other, because a slow write must not end after the delete that
 * follows it. Operations on different keys do not wait for each other.
 */
export class Mutations {
  readonly #last = new Map<string, Promise<void>>()

  /** Whether the limit of keys with pending operations is reached, so that writes of further entries should be skipped. */
  get full(): boolean {
    return this.#last.size >= MAX_WAITING
  }

  /** Runs the operation after all earlier operations on this key. The promise settles as that of the operation does. */
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

  /** Resolves when all operations that were begun before this call have ended. */
  async idle(): Promise<void> {
    await Promise.all(this.#last.values())
  }
}
