import { waitFor } from '../base/wait-for.ts'

/** How many loads are under way for callers, so that what is loaded ahead can wait until there are none. */
export class Traffic {
  #underWay = 0
  readonly #waiting = new Set<() => void>()

  get underWay(): number {
    return this.#underWay
  }

  begin(): void {
    this.#underWay++
  }

  end(): void {
    if (--this.#underWay > 0) return
    for (const done of this.#waiting) done()
  }

  /** Resolves when there are none; rejects with the signal's reason. */
  async idle(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    if (this.#underWay === 0) return
    await waitFor(signal, (done) => {
      this.#waiting.add(done)
      return () => this.#waiting.delete(done)
    })
  }
}
