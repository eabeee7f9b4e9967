/** How many loads are under way for callers, so that what is loaded ahead can wait until there are none. */
export class Traffic {
  #underWay = 0
  #waiting: (() => void)[] = []

  get underWay(): number {
    return this.#underWay
  }

  begin(): void {
    this.#underWay++
  }

  end(): void {
    if (--this.#underWay > 0) return
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }

  /** Resolves when there are none; rejects with the signal's reason. */
  async idle(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    if (this.#underWay === 0) return
    const { promise, resolve, reject } = Promise.withResolvers<undefined>()
    const abort = (): void => {
      this.#waiting = this.#waiting.filter((one) => one !== wake)
      reject(signal?.reason)
    }
    const wake = (): void => {
      signal?.removeEventListener('abort', abort)
      resolve(undefined)
    }
    signal?.addEventListener('abort', abort, { once: true })
    this.#waiting.push(wake)
    await promise
  }
}
