/** Knows whether what is being loaded or read was invalidated meanwhile. */
export interface Watch {
  readonly name: string
  /** Whether an answer with these tags must not be kept. */
  forbids(tags: readonly string[]): boolean
  /** Stops watching. */
  end(): void
}

/** Tells those who are loading or reading that what they will bring is already out of date. */
export class Invalidations {
  readonly #watches = new Set<LiveWatch>()

  watch(name: string): Watch {
    const watch = new LiveWatch(name, () => this.#watches.delete(watch))
    this.#watches.add(watch)
    return watch
  }

  name(name: string): void {
    for (const watch of this.#watches) if (watch.name === name) watch.dead = true
  }

  tag(tag: string): void {
    for (const watch of this.#watches) (watch.tags ??= new Set()).add(tag)
  }

  prefix(prefix: string): void {
    for (const watch of this.#watches) if (watch.name.startsWith(prefix)) watch.dead = true
  }
}

class LiveWatch implements Watch {
  readonly name: string
  readonly end: () => void
  dead = false
  tags: Set<string> | undefined

  constructor(name: string, end: () => void) {
    this.name = name
    this.end = end
  }

  forbids(tags: readonly string[]): boolean {
    return this.dead || tags.some((tag) => this.tags?.has(tag))
  }
}
