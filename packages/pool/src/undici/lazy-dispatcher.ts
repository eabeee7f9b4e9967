import type { Dispatcher } from 'undici'
import type { WithdrawableHandler } from '../connections/pooled-request.ts'

type Dispatch = (options: Dispatcher.DispatchOptions, handler: WithdrawableHandler) => boolean

/**
 * A dispatcher that loads undici in the background, since undici may take longer to load than the rest of a program. Requests that are
 * dispatched earlier wait until undici is loaded, and are then sent in order, each in the async context of its caller.
 *
 *     loading ── loaded ──▶ `dispatch` calls the dispatcher directly
 *       ▲  └──── failed ──▶ all waiting requests fail
 *       └── the next request tries again
 */
export class LazyDispatcher {
  /** Dispatches a request after undici is loaded. From then on, this property holds a function that calls the real dispatcher directly. */
  dispatch: Dispatch = (options, handler) => this.#dispatchLater(options, handler)
  /** undici's real dispatcher; undefined until undici is loaded. */
  loaded: Dispatcher | undefined
  #loading: Promise<Dispatcher> | undefined
  readonly #load: () => Promise<Dispatcher>
  readonly #counterOf: (origin: string) => { waitingForUndici: number }

  /** @param counterOf returns, for an origin, the object whose field counts the requests that wait for undici */
  constructor(load: () => Promise<Dispatcher>, counterOf: (origin: string) => { waitingForUndici: number }) {
    this.#load = load
    this.#counterOf = counterOf
  }

  /** Starts to load undici, if this has not started. Resolves with the real dispatcher; rejects if undici cannot be loaded. */
  ready(): Promise<Dispatcher> {
    return (this.#loading ??= this.#load().then(
      (dispatcher) => {
        this.loaded = dispatcher
        this.dispatch = (options, handler) => dispatcher.dispatch(options, handler)
        return dispatcher
      },
      (error: unknown) => {
        this.#loading = undefined
        throw error
      },
    ))
  }

  /**
   * Waits for the dispatched requests, then closes the connections. Does nothing if undici cannot be loaded, because there are no
   * connections then.
   */
  async close(): Promise<void> {
    const dispatcher = await this.ready().catch(() => undefined)
    await dispatcher?.close()
  }

  #dispatchLater(options: Dispatcher.DispatchOptions, handler: WithdrawableHandler): boolean {
    const counter = this.#counterOf(new URL(String(options.origin)).origin)
    let waits = true
    const leave = (): boolean => {
      if (!waits) return false
      waits = false
      counter.waitingForUndici--
      return true
    }
    counter.waitingForUndici++
    handler.onRequestPending?.(leave)
    // Without a connection there is no controller. undici passes undefined in this case, too.
    const fail = (error: unknown): void => handler.onResponseError?.(undefined as never, error as Error)
    void this.ready().then(
      (dispatcher) => {
        if (!leave()) return
        try {
          dispatcher.dispatch(options, handler)
        } catch (error) {
          // undici threw because of an invalid argument. The caller's `dispatch()` has returned and cannot throw.
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
