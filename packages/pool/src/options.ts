import type { ConnectionOptions } from 'node:tls'
import type { AutoscaleOptions, AutoscaleSettings } from './connections/autoscale.ts'
import { invalid, isObject, readWhole, refuseUnknown } from './check-options.ts'

/**
 * Options that can differ between origins. Set them for all origins in `createPool`, or for one origin in the option `origins`. All numbers are
 * whole, and at most 2^31 - 1.
 */
export interface OriginOptions {
  /** The maximum number of connections to one origin, at least 1. A connection carries one request at a time; further requests wait. @default 256 */
  connections?: number | undefined
  /** The maximum number of requests that wait for a connection; 0 for none. A further request rejects with PoolQueueFullError. @default 10_000 */
  maxQueued?: number | undefined
  /**
   * How long a request may wait for a connection, in milliseconds, at least 1. After that, it rejects with PoolQueueTimeoutError. @default no limit
   */
  queueTimeoutMs?: number | undefined
  /**
   * How long an idle connection stays open, in milliseconds, at least 1, unless the server sends a `keep-alive` header. Set it below the timeout of
   * the server; otherwise, requests are written to connections that the server is closing. @default 20_000
   */
  keepAliveTimeoutMs?: number | undefined
  /**
   * The upper limit for a keep-alive timeout that the server sends, in milliseconds, at least 1. A `keep-alive` header of the server replaces
   * `keepAliveTimeoutMs`, up to this limit. @default 25_000
   */
  keepAliveMaxTimeoutMs?: number | undefined
  /**
   * The maximum age of a connection, in milliseconds, at least 1. An older connection is closed instead of being used for another request, so that
   * changes in DNS take effect; a request in progress is not interrupted. @default 300_000
   */
  maxConnectionAgeMs?: number | undefined
  /**
   * The time limit for opening a connection (TCP and TLS together), in milliseconds; 0 for no limit. After that, the request that waits for it fails
   * with a connect timeout of undici. @default 10_000
   */
  connectTimeoutMs?: number | undefined
  /**
   * The time limit for the status and headers of the response, in milliseconds from the call of `fetch`, including the wait for a connection; 0 for
   * no limit. After that, `fetch` rejects with a TypeError whose `cause` is a headers timeout of undici. The option `deadlineMs` of a request
   * replaces this limit. @default 0
   */
  headersTimeoutMs?: number | undefined
  /**
   * How long a body may make no progress, in milliseconds, either because no data arrives or because the caller does not read. After that,
   * the body fails and its connection is released. 0 for no limit. @default 120_000
   */
  bodyIdleTimeoutMs?: number | undefined
  /**
   * Whether to send a request again, once, on a new connection, if its keep-alive connection was dead: if it failed within a second after the request
   * was written, before any byte of a response. Streamed bodies are never sent twice. @default true
   */
  staleSocketRetry?: boolean | undefined
  /**
   * Adapts the maximum number of connections to the load: it starts at `min`, and rises up to `connections` when requests wait too long. With
   * autoscaling, `warm()` opens at most `min` connections. `false`: the maximum is always `connections`. @default false
   */
  autoscale?: AutoscaleOptions | false | undefined
}

/** Options of `createPool`: those of `OriginOptions`, for all origins, and how origins are reached. */
export interface PoolOptions extends OriginOptions {
  /** Options of Node's `tls.connect` for connections to origins, such as `ca`, `cert`, `key` and `servername`. @default Node's own */
  tls?: ConnectionOptions | undefined
  /**
   * The URL of the proxy for all requests (`http:`, `https:`, `socks:` or `socks5:`), or false for none. The environment is read once, when the pool
   * is created. @default HTTPS_PROXY, HTTP_PROXY and ALL_PROXY of the environment
   */
  proxy?: string | false | undefined
  /**
   * The hosts and address ranges that are reached without the proxy, separated by commas, such as `localhost,10.0.0.0/8`. Has no effect without a
   * proxy. @default NO_PROXY of the environment
   */
  noProxy?: string | undefined
  /**
   * The path of a Unix socket (or named pipe) that all connections use, whatever their host. The proxies of the environment are then ignored. Setting
   * `socketPath` and a `proxy` URL is a TypeError. @default none
   */
  socketPath?: string | undefined
  /**
   * Options for individual origins, such as `{ 'https://api.openai.com': { connections: 64 } }`; options that an entry leaves out are those of the
   * pool. A key must be an origin without a path, else `createPool` throws a TypeError. @default none
   */
  origins?: Readonly<Record<string, OriginOptions>> | undefined
}

/** The options of one origin with all defaults filled in. */
export type OriginSettings = Readonly<
  { [Name in Exclude<keyof OriginOptions, 'autoscale'>]-?: NonNullable<OriginOptions[Name]> } & {
    autoscale: AutoscaleSettings | false
  }
>

/** Returns the maximum number of connections at the start: `autoscale.min`, or `connections` without autoscaling. */
export function connectionsAtFirst({ autoscale, connections }: OriginSettings): number {
  return autoscale ? autoscale.min : connections
}

/** The options of a pool with all defaults filled in. */
export interface PoolSettings {
  readonly tls: ConnectionOptions
  readonly proxies: Proxies | undefined
  readonly socketPath: string | undefined
  /** Returns the settings of an origin. */
  readonly of: (origin: string) => OriginSettings
}

/**
 * The proxies for http: and https: requests, under the names of undici's options. If `httpsProxy` is empty, `httpProxy` is used for both.
 */
export interface Proxies {
  readonly httpProxy: string
  readonly httpsProxy: string
  /** The hosts that are reached without a proxy. */
  readonly noProxy?: string
}

const DEFAULTS: OriginSettings = {
  connections: 256,
  maxQueued: 10_000,
  queueTimeoutMs: 0,
  keepAliveTimeoutMs: 20_000,
  keepAliveMaxTimeoutMs: 25_000,
  maxConnectionAgeMs: 300_000,
  connectTimeoutMs: 10_000,
  headersTimeoutMs: 0,
  bodyIdleTimeoutMs: 120_000,
  staleSocketRetry: true,
  autoscale: false,
}

const AUTOSCALE: AutoscaleSettings = { min: 1, targetQueueMs: 100, shrinkIntervalMs: 30_000 }

const MINIMUM: Record<Exclude<keyof OriginOptions, 'staleSocketRetry' | 'autoscale'>, number> = {
  connections: 1,
  maxQueued: 0,
  queueTimeoutMs: 1,
  keepAliveTimeoutMs: 1,
  keepAliveMaxTimeoutMs: 1,
  maxConnectionAgeMs: 1,
  connectTimeoutMs: 0,
  headersTimeoutMs: 0,
  bodyIdleTimeoutMs: 0,
}

const ORIGIN_NAMES = Object.keys(DEFAULTS)
const POOL_NAMES = [...ORIGIN_NAMES, 'tls', 'proxy', 'noProxy', 'socketPath', 'origins']

/** Checks the options and fills in the defaults. */
export function readOptions(options: PoolOptions): PoolSettings {
  refuseUnknown(options, POOL_NAMES, '')
  const { tls = {}, proxy, noProxy, socketPath, origins = {} } = options
  if (!isObject(tls)) throw invalid('tls', 'an object of options for tls.connect', tls)
  if (!isObject(origins)) throw invalid('origins', 'an object of options by origin', origins)
  if (noProxy !== undefined && typeof noProxy !== 'string') throw invalid('noProxy', 'a string', noProxy)
  if (socketPath !== undefined && (typeof socketPath !== 'string' || socketPath === ''))
    throw invalid('socketPath', 'the path of a socket', socketPath)
  checkProxy('proxy', proxy)
  if (typeof proxy === 'string' && socketPath !== undefined)
    throw new TypeError('socketPath and proxy exclude each other: leave one out')

  const base = readOrigin(options, DEFAULTS, '')
  const special = new Map<string, OriginSettings>()
  for (const [key, given] of Object.entries(origins)) {
    const name = `origins[${JSON.stringify(key)}]`
    const origin = URL.canParse(key) ? new URL(key).origin : undefined
    if (origin !== key)
      throw new TypeError(`${name} must be named by an origin such as ${origin ?? 'https://api.openai.com'}`)
    if (!isObject(given)) throw invalid(name, 'an object of options', given)
    refuseUnknown(given, ORIGIN_NAMES, `${name}.`)
    special.set(origin, readOrigin(given, base, `${name}.`))
  }
  return { tls, proxies: readProxies(options), socketPath, of: (origin) => special.get(origin) ?? base }
}

function readOrigin(options: OriginOptions, defaults: OriginSettings, prefix: string): OriginSettings {
  const settings: Record<string, unknown> = { ...defaults }
  for (const [name, min] of Object.entries(MINIMUM)) {
    const value: unknown = options[name as keyof OriginOptions]
    if (value !== undefined) settings[name] = readWhole(prefix + name, value, min)
  }
  const { staleSocketRetry } = options
  if (staleSocketRetry !== undefined) {
    if (typeof staleSocketRetry !== 'boolean')
      throw invalid(`${prefix}staleSocketRetry`, 'true or false', staleSocketRetry)
    settings.staleSocketRetry = staleSocketRetry
  }
  settings.autoscale = readAutoscale(options.autoscale, defaults.autoscale, `${prefix}autoscale`)
  const { connections, autoscale } = settings as unknown as OriginSettings
  if (autoscale && autoscale.min > connections)
    throw invalid(`${prefix}autoscale.min`, `at most connections, which is ${connections}`, autoscale.min)
  return settings as unknown as OriginSettings
}

function readAutoscale(
  given: unknown,
  defaults: AutoscaleSettings | false,
  name: string,
): AutoscaleSettings | false {
  if (given === undefined || given === false) return given ?? defaults
  if (!isObject(given)) throw invalid(name, 'an object of options, or false', given)
  refuseUnknown(given, Object.keys(AUTOSCALE), `${name}.`)
  const settings: Record<string, number> = { ...(defaults || AUTOSCALE) }
  for (const [key, value] of Object.entries(given) as [string, unknown][])
    if (value !== undefined) settings[key] = readWhole(`${name}.${key}`, value, 1)
  return settings as AutoscaleSettings
}

function isProxy(proxy: string): boolean {
  return URL.canParse(proxy) && /^(https?|socks5?):$/.test(new URL(proxy).protocol)
}

/**
 * Reads the proxies from the options and the environment; undefined if there is none. This is called when the pool is created, so the pool
 * ignores later changes of the environment.
 */
function readProxies({ proxy, noProxy, socketPath }: PoolOptions): Proxies | undefined {
  if (proxy === false || socketPath !== undefined) return undefined
  const httpProxy = proxy ?? fromEnvironment('http_proxy')
  const httpsProxy = proxy ?? fromEnvironment('https_proxy')
  if (httpProxy === '' && httpsProxy === '') return undefined
  return { httpProxy, httpsProxy, ...(noProxy === undefined ? {} : { noProxy }) }
}

function fromEnvironment(variable: string): string {
  const name = process.env[variable] === undefined ? variable.toUpperCase() : variable
  const proxy = withScheme(process.env[name] ?? '')
  if (proxy === '') return proxyForAll()
  checkProxy(name, proxy)
  return proxy
}

/**
 * Returns the proxy in ALL_PROXY, which is used for a protocol whose own variable (HTTP_PROXY or HTTPS_PROXY) is not set, as in curl. Empty
 * if the protocol of the proxy is not supported here.
 */
function proxyForAll(): string {
  const proxy = withScheme(process.env['all_proxy'] ?? process.env['ALL_PROXY'] ?? '').replace(
    /^socks5h:/i,
    'socks5:',
  )
  return isProxy(proxy) ? proxy : ''
}

/** Adds `http://` to a proxy without a scheme, since a proxy in an environment variable may be just host and port. */
function withScheme(proxy: string): string {
  return proxy === '' || /^[a-z][a-z\d+.-]*:\/\//i.test(proxy) ? proxy : `http://${proxy}`
}

// The URL of a proxy often contains a password, so the message never shows it.
function checkProxy(name: string, proxy: unknown): void {
  if (proxy === undefined || proxy === false) return
  if (typeof proxy === 'string' && isProxy(proxy)) return
  throw new TypeError(`${name} must be a URL such as 'http://proxy.example:3128', or false for none`)
}
