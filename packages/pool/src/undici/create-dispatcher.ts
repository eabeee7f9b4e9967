import { Agent, buildConnector, EnvHttpProxyAgent, type Client, type Dispatcher } from 'undici'
import type { OriginLedger } from '../connections/origin-ledger.ts'
import { OriginPool } from '../connections/origin-pool.ts'
import type { PoolSettings } from '../options.ts'
import { ContextPool } from './context-pool.ts'
import { noProxyRanges } from './no-proxy-ranges.ts'
import { RangeProxyAgent } from './range-proxy-agent.ts'

/**
 * Creates undici's Agent, or its proxy agent if there is a proxy. The agent uses one OriginPool for the connections of each origin.
 * `pool.fetch` sets the timeouts for head and body per request, in fetch/lean-fetch.ts.
 */
export function createDispatcher(
  settings: PoolSettings,
  ledgerOf: (origin: string) => OriginLedger,
): Dispatcher {
  const { tls, proxies, socketPath } = settings

  const factory = (origin: string | URL, options: Client.Options & { connections?: number }): Dispatcher => {
    const url = new URL(origin)
    const own = settings.of(url.origin)
    const connect =
      typeof options.connect === 'function'
        ? options.connect
        : buildConnector({
            ...(tls as buildConnector.BuildOptions),
            socketPath: socketPath ?? null,
            allowH2: false,
            timeout: own.connectTimeoutMs,
          })
    if (options.connections !== undefined) return new OriginPool(url, own, ledgerOf(url.origin), connect)
    // undici passes no `connections` only when it forwards plain http: through a proxy, for which it needs its own Pool.
    return new ContextPool(url, {
      connect,
      allowH2: false,
      connections: own.connections,
      keepAliveTimeout: own.keepAliveTimeoutMs,
      keepAliveMaxTimeout: own.keepAliveMaxTimeoutMs,
    })
  }

  const { connections, connectTimeoutMs } = settings.of('')
  const common = { factory: factory as never, connections, connectTimeout: connectTimeoutMs, allowH2: false }
  if (!proxies) return new Agent(common)
  const options = { ...common, ...proxies, requestTls: tls as buildConnector.BuildOptions }
  const ranges = noProxyRanges(proxies.noProxy ?? process.env['no_proxy'] ?? process.env['NO_PROXY'] ?? '')
  return ranges ? new RangeProxyAgent(ranges, options) : new EnvHttpProxyAgent(options)
}
