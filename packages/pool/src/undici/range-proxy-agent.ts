import type { BlockList } from 'node:net'
import { Agent, EnvHttpProxyAgent, type Dispatcher } from 'undici'
import { isWithin } from './no-proxy-ranges.ts'

/** undici's proxy agent, extended to connect directly to addresses in the ranges of NO_PROXY. */
export class RangeProxyAgent extends EnvHttpProxyAgent {
  readonly #ranges: BlockList
  readonly #direct: Agent

  constructor(ranges: BlockList, options: EnvHttpProxyAgent.Options) {
    super(options)
    this.#ranges = ranges
    this.#direct = new Agent(options)
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    if (isWithin(this.#ranges, String(options.origin))) return this.#direct.dispatch(options, handler)
    return super.dispatch(options, handler)
  }

  // In undici, `close()` and `destroy()` without a callback call the same method with one. The overrides below do so, too.

  override close(): Promise<void>
  override close(callback: Callback): void
  override close(callback?: Callback): Promise<void> | undefined {
    if (!callback) return promised((done) => this.close(done))
    super.close(after(() => this.#direct.close(), callback))
    return undefined
  }

  override destroy(error?: Error | null): Promise<void>
  override destroy(callback: Callback): void
  override destroy(error: Error | null, callback: Callback): void
  override destroy(first?: Error | null | Callback, second?: Callback): Promise<void> | undefined {
    const reason = first instanceof Error ? first : null
    const callback = typeof first === 'function' ? first : second
    if (!callback) return promised((done) => this.destroy(reason, done))
    super.destroy(
      reason,
      after(() => this.#direct.destroy(reason), callback),
    )
    return undefined
  }
}

type Callback = (error?: Error | null) => void

/** Returns a callback that first calls `end`, which ends the agent for direct connections, and then calls `callback`. */
function after(end: () => Promise<void>, callback: Callback): () => void {
  return (error?: Error | null) => {
    const done = (): void => callback(error)
    end().then(done, done)
  }
}

function promised(end: (done: Callback) => void): Promise<void> {
  return new Promise((resolve, reject) => end((error) => (error ? reject(error) : resolve())))
}
