import { EventEmitter } from 'node:events'
import { Duplex, pipeline } from 'node:stream'
import type { Dispatcher } from 'undici'
import type { LazyDispatcher } from './lazy-dispatcher.ts'

type Dispatch = Dispatcher['dispatch']
type Callback = (error: Error | null, result?: unknown) => void

/**
 * The `dispatcher` of a pool until undici is loaded. It has all methods of a Dispatcher; each method waits for undici and then calls
 * undici's real dispatcher. Unlike the real dispatcher, this object does not pass `instanceof Dispatcher`.
 */
export class LazyDispatcherFacade extends EventEmitter {
  readonly dispatch: Dispatch
  readonly #lazy: LazyDispatcher

  /** @param dispatch sends a request, for example through the interceptors passed to `compose()`; by default, `lazy.dispatch` */
  constructor(
    lazy: LazyDispatcher,
    dispatch: Dispatch = (options, handler) => lazy.dispatch(options, handler),
  ) {
    super()
    this.dispatch = dispatch
    this.#lazy = lazy
    lazy.ready().then(
      (real) =>
        EVENTS.forEach((event) => real.on(event as 'drain', (...details) => this.emit(event, ...details))),
      () => undefined, // each request rejects with this error
    )
  }

  compose(
    ...interceptors: (Dispatcher.DispatcherComposeInterceptor | Dispatcher.DispatcherComposeInterceptor[])[]
  ): LazyDispatcherFacade {
    const dispatch = interceptors
      .flat()
      .reduce<Dispatch>((inner, interceptor) => interceptor(inner), this.dispatch)
    return new LazyDispatcherFacade(this.#lazy, dispatch)
  }

  close(callback?: Callback): Promise<void> | undefined {
    return this.#later((real) => real.close(), callback)
  }

  destroy(reason?: Error | null | Callback, callback?: Callback): Promise<void> | undefined {
    if (typeof reason === 'function') return this.destroy(null, reason)
    return this.#later((real) => real.destroy(reason ?? null), callback)
  }

  // The methods below run undici's methods with this object as `this`. undici's methods call only `this.dispatch`, which
  // applies the interceptors of `compose()`.

  request(options: Dispatcher.RequestOptions, callback?: Callback): Promise<unknown> | undefined {
    return this.#later((real) => real.request.call(this as never, options), callback)
  }

  stream(
    options: Dispatcher.RequestOptions<unknown>,
    factory: Dispatcher.StreamFactory<unknown>,
    callback?: Callback,
  ): Promise<unknown> | undefined {
    return this.#later((real) => real.stream.call(this as never, options, factory), callback)
  }

  connect(options: Dispatcher.ConnectOptions, callback?: Callback): Promise<unknown> | undefined {
    return this.#later((real) => real.connect.call(this as never, options), callback)
  }

  upgrade(options: Dispatcher.UpgradeOptions, callback?: Callback): Promise<unknown> | undefined {
    return this.#later((real) => real.upgrade.call(this as never, options), callback)
  }

  pipeline(
    options: Dispatcher.PipelineOptions<unknown>,
    handler: Dispatcher.PipelineHandler<unknown>,
  ): Duplex {
    const duplex = this.#lazy.ready().then((real) => real.pipeline.call(this as never, options, handler))
    return Duplex.from((source: AsyncIterable<Uint8Array>) => through(duplex, source))
  }

  /**
   * Waits for undici, then passes the real dispatcher to `call`. Returns a promise of the result or, if there is a callback, passes
   * the result to it.
   */
  #later<T>(call: (real: Dispatcher) => Promise<T>, callback: Callback | undefined): Promise<T> | undefined {
    const result = this.#lazy.ready().then(call)
    if (!callback) return result
    result.then((value) => callback(null, value), callback)
    return undefined
  }
}

const EVENTS = ['connect', 'disconnect', 'connectionError', 'drain']

async function* through(
  duplex: Promise<Duplex>,
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield* pipeline(source, await duplex, () => undefined) as AsyncIterable<Uint8Array>
}
