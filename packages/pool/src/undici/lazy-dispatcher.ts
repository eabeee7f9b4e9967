import type { Dispatcher } from 'undici'
import type { WithdrawableHandler } from '../connections/pooled-request.ts'

type Dispatch = (options: Dispatcher.DispatchOptions, handler: WithdrawableHandler) => boolean

/**
 * A dispatcher in the making: undici takes longer to load than all the rest of a program may. What is dispatched meanwhile
 * waits, each request in the async context of its caller, and goes out in order as soon as undici is there.
 *
 *     making ── made ──▶ `dispatch` is that of the dispatcher itself
 *       ▲  └─── failed ─▶ all who wait are told
 *       └── the next request tries again
 */
export class LateDispatcher {
  /** undici's own once it is there, so that nothing stands between it and a request. */
  dispatch: Dispatch = (options, handler) => this.#hold(options, handler)
  made: Dispatcher | undefined
  #making: Promise<Dispatcher> | undefined
  readonly #make: () => Promise<Dispatcher>
  readonly #counterOf: (origin: string) => { held: number }

  /** `counterOf` an origin is where the requests to it that wait here are counted. */
  constructor(make: () => Promise<Dispatcher>, counterOf: (origin: string) => { held: number }) {
    this.#make = make
    this.#counterOf = counterOf
  }

  /** Begins to make it unless that was done. Rejects when it cannot be made. */
  ready(): Promise<Dispatcher> {
    return (this.#making ??= this.#make().then(
      (dispatcher) => {
        this.made = dispatcher
        this.dispatch = (options, handler) => dispatcher.dispatch(options, handler)
        return dispatcher
      },
      (error: unknown) => {
        this.#making = undefined
        throw error
      },
    ))
  }

  /** Lets what was dispatched come to its end. Nothing is open when it could not be made. */
  async close(): Promise<void> {
    const made = await this.ready().catch(() => undefined)
    await made?.close()
  }

  #hold(options: Dispatcher.DispatchOptions, handler: WithdrawableHandler): boolean {
    const counter = this.#counterOf(new URL(String(options.origin)).origin)
    let waits = true
    const leave = (): boolean => {
      if (!waits) return false
      waits = false
      counter.held--
      return true
    }
    counter.held++
    handler.onRequestPending?.(leave)
    // undici itself passes no controller when there was no connection.
    const fail = (error: unknown): void => handler.onResponseError?.(undefined as never, error as Error)
    void this.ready().then(
      (dispatcher) => {
        if (!leave()) return
        try {
          dispatcher.dispatch(options, handler)
        } catch (error) {
          // Thrown for a wrong argument: no caller is left on the stack to catch it.
          fail(error)
        }
      },
      (error: unknown) => {
        if (leave()) fail(error)
      },
    )
    return true
  }
}
