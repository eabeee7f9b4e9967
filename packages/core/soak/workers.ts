import type { SimulatedProvider } from '@harbor/simulator'
import { APIError, APIUserAbortError } from '../src/index.ts'

const AT_ONCE = 64

/** Callers that make one call after the other, whatever becomes of each, and count it. */
export class Workers {
  started = 0
  aborted = 0
  failed = 0
  readonly #providers: readonly SimulatedProvider[]
  readonly #call: (number: number) => Promise<void>

  /** @param call makes call number so-and-so, counted from 1; only errors of the SDK may come of it */
  constructor(providers: readonly SimulatedProvider[], call: (number: number) => Promise<void>) {
    this.#providers = providers
    this.#call = call
  }

  /** Runs until `until` calls were made altogether. @returns the heap in use then, in megabytes */
  async run(until: number): Promise<number> {
    await Promise.all(Array.from({ length: AT_ONCE }, () => this.#work(until)))
    for (const provider of this.#providers) await provider.whenIdle()
    this.#forget()
    globalThis.gc?.()
    return process.memoryUsage().heapUsed / 2 ** 20
  }

  async #work(until: number): Promise<void> {
    while (this.started < until) {
      try {
        await this.#call(++this.started)
      } catch (error) {
        if (!(error instanceof APIError)) throw error
        if (error instanceof APIUserAbortError) this.aborted++
        else this.failed++
        // No caller calls again at once: a loop of refusals would be over before an outage is.
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
      if (this.started % 5_000 === 0) this.#forget()
    }
  }

  /** Or the providers' record of requests would be what grows. */
  #forget(): void {
    for (const provider of this.#providers) provider.reset()
  }
}
