import { checkOptions, checksOf, type Check } from '@harbor/parts'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { isIPv6, type AddressInfo } from 'node:net'
import type { DevtoolsClient } from './client.ts'
import { COMMON_CHECKS, devtoolsHandler, type DevtoolsHandlerOptions } from './devtools-handler.ts'
import { isLoopback } from './http/access.ts'

/** The maximum number of connections to the page. */
const MAX_CONNECTIONS = 64

/** Options of `openDevtools`: the address of the page, and its title. All are optional. */
export interface DevtoolsOptions extends Pick<DevtoolsHandlerOptions, 'hosts' | 'name'> {
  /** The port to listen on. With 0, the system chooses a free port. @default 0 */
  port?: number | undefined
  /**
   * The address to listen on. If other machines can reach it, such as `0.0.0.0`, requests need a token, which Harbor creates and adds to `url`.
   * @default '127.0.0.1'
   */
  host?: string | undefined
}

/** The page that `openDevtools` serves. */
export interface Devtools {
  /** The address of the page for a browser, with the token if there is one. */
  readonly url: string
  /** Closes the page: ends all connections, and removes all listeners from the clients. A second call returns the same promise. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

const aPort: Check = (value) =>
  (Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 65_535) ||
  'a port from 0 to 65535'
const aHost: Check = (value) => (typeof value === 'string' && value !== '') || 'an address or a host name'
const CHECKS = checksOf({ ...COMMON_CHECKS, port: aPort, host: aHost })

/**
 * Serves a page on a port of this machine that shows the calls of a client, from now on. The page does not keep the process alive.
 *
 *     const page = await openDevtools(harbor)
 *     console.log(page.url)
 *
 * @param harbor a client, or several. Pass only one of a client and its copies: they share their state
 * @throws TypeError for an unknown option or an invalid value
 * @throws Error with `code: 'EADDRINUSE'` if the port is in use, or another error of the system
 */
export async function openDevtools(
  harbor: DevtoolsClient | readonly DevtoolsClient[],
  options: DevtoolsOptions = {},
): Promise<Devtools> {
  checkOptions(options, CHECKS, {})
  const { port = 0, host = '127.0.0.1', hosts = [], name } = options
  const token = isLoopback(host) ? undefined : randomBytes(24).toString('base64url')
  const handler = devtoolsHandler(harbor, { token, name, hosts: isName(host) ? [...hosts, host] : hosts })
  const server = createServer(handler)
  server.maxConnections = MAX_CONNECTIONS
  server.on('connection', (socket) => socket.unref())
  try {
    server.listen(port, host)
    await once(server, 'listening')
    // A connection that cannot be accepted, such as without file descriptors, is not the application's error.
    server.on('error', () => undefined)
    // Neither the server nor an open page keeps the process alive.
    server.unref()
  } catch (error) {
    handler.close()
    throw error
  }
  let closed: Promise<void> | undefined
  const close = (): Promise<void> => (closed ??= closeAll(server, handler.close))
  return { url: urlOf(server, host, token), close, [Symbol.asyncDispose]: close }
}

function isName(host: string): boolean {
  return !isIPv6(host)
}

/** Returns the address of the page. If the server listens on all addresses of the machine, it is that for a browser on this machine. */
function urlOf(server: Server, host: string, token: string | undefined): string {
  const { port } = server.address() as AddressInfo
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  const url = `http://${isIPv6(reachable) ? `[${reachable}]` : reachable}:${port}/`
  return token === undefined ? url : `${url}?token=${token}`
}

async function closeAll(server: Server, closePages: () => void): Promise<void> {
  closePages()
  const closed = once(server, 'close')
  server.close()
  // In the next turn, when the last events of the pages have been written.
  setImmediate(() => server.closeAllConnections())
  await closed
}
