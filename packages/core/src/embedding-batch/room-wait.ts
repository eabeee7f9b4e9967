import { LONGEST_TIMER_MS } from '@harbor/parts'

/** Texts that wait until the limits have room for a request, so that the request fills up in the meantime. */
export class RoomWait {
  /** What ends each wait. It holds those that wait now, and nothing at rest. */
  readonly #ends = new Set<() => void>()

  /** @throws the signal's own reason when it aborts */
  wait(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, fail) => {
      const reject: (reason: unknown) => void = fail
      const end = (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', end)
        this.#ends.delete(end)
        if (signal.aborted) reject(signal.reason)
        else resolve()
      }
      const timer = setTimeout(end, Math.min(Math.ceil(ms), LONGEST_TIMER_MS))
      this.#ends.add(end)
      if (signal.aborted) end()
      else signal.addEventListener('abort', end)
    })
  }

  /** Lets all go on now. */
  end(): void {
    for (const end of [...this.#ends]) end()
  }
}
