import { EventEmitter } from 'node:events'
import { Duplex, pipeline } from 'node:stream'
import type { Dispatcher } from 'undici'
import type { LateDispatcher } from './lazy-dispatcher.ts'

type Dispatch = Dispatcher['dispatch']
type Callback = (error: Error | null, result?: unknown) => void

/**
 * What the dispatcher of a pool is to those who take it before undici is loaded. It does all that a Dispatcher does: what is
 * asked of it is asked of the real one as soon as that is there. Only `instanceof` tells them apart.
 */
export class StandIn extends EventEmitter {
  readonly dispatch: Dispatch
  readonly #late: LateDispatcher

  /** `dispatch` is what interceptors have made of it. */
  constructor(
    late: LateDispatcher,
    dispatch: Dispatch = (options, handler) => late.dispatch(options, handler),
  ) {
    super()
    this.dispatch = dispatch
    this.#late = late
    late.ready().then(
      (real) => EVENTS.forEach((event) => real.on(event as 'drain', (...told) => this.emit(event, ...told))),
      () => undefined, // told to whoever wants to send something
    )
  }

  compose(
    ...interceptors: (Dispatcher.DispatcherComposeInterceptor | Dispatcher.DispatcherComposeInterceptor[])[]
  ): StandIn {
    const dispatch = interceptors
      .flat()
      .reduce<Dispatch>((inner, interceptor) => interceptor(inner), this.dispatch)
    return new StandIn(this.#late, dispatch)
  }

  close(callback?: Callback): Promise<void> | undefined {
    return this.#later((real) => real.close(), callback)
  }

  destroy(reason?: Error | null | Callback, callback?: Callback): Promise<void> | undefined {
    if (typeof reason === 'function') return this.destroy(null, reason)
    return this.#later((real) => real.destroy(reason ?? null), callback)
  }

  // undici's functions ask nothing of their dispatcher but `dispatch`, which here is the one that was composed.

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
    const duplex = this.#late.ready().then((real) => real.pipeline.call(this as never, options, handler))
    return Duplex.from((source: AsyncIterable<Uint8Array>) => through(duplex, source))
  }

  /** With a callback for the result, or a promise of it. */
  #later<T>(ask: (real: Dispatcher) => Promise<T>, callback: Callback | undefined): Promise<T> | undefined {
    const asked = this.#late.ready().then(ask)
    if (!callback) return asked
    asked.then((result) => callback(null, result), callback)
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
