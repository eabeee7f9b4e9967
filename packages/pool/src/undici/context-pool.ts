import { AsyncResource } from 'node:async_hooks'
import { Client, Pool, type Dispatcher } from 'undici'

const CONTEXT: unique symbol = Symbol('harbor.context')

interface BoundOptions extends Dispatcher.DispatchOptions {
  [CONTEXT]?: AsyncResource
}

/** undici's Pool, extended so that each queued request is sent in the async context of its caller. */
export class ContextPool extends Pool {
  constructor(url: URL, options: Omit<Pool.Options, 'factory'>) {
    super(url, {
      ...options,
      factory: (origin: URL, given: object) => new ContextClient(origin, given),
    })
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const bound: BoundOptions = { ...options, [CONTEXT]: new AsyncResource('HarborPoolRequest') }
    return super.dispatch(bound, handler)
  }
}

class ContextClient extends Client {
  override dispatch(options: BoundOptions, handler: Dispatcher.DispatchHandler): boolean {
    const send = (): boolean => super.dispatch(options, handler)
    return options[CONTEXT]?.runInAsyncScope(send) ?? send()
  }
}
