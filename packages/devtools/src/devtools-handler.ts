import { checkOptions, checksOf, expectValue, having, type Check } from '@harbor/parts'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { basename } from 'node:path'
import type { DevtoolsClient } from './client.ts'
import { Feed } from './feed/feed.ts'
import { answerFetch } from './http/fetch-adapter.ts'
import { answerNode } from './http/node-adapter.ts'
import { OpenStreams } from './http/open-streams.ts'

/** Options of `devtoolsHandler`: which requests are answered, and the title of the page. All are optional. */
export interface DevtoolsHandlerOptions {
  /**
   * The token that each request must carry, as `?token=…` or as a Bearer token. Without one, only requests that come directly from the same
   * machine are answered. @default none
   */
  token?: string | undefined
  /**
   * More host names under which the server may be reached, without ports. Requests for other names are refused, because other sites could read the
   * page by DNS rebinding. `localhost`, loopback addresses and, with a token, all IP addresses and the name of the machine are always accepted.
   * @default []
   */
  hosts?: readonly string[] | undefined
  /** The title of the page. @default the name of the program that the process runs */
  name?: string | undefined
}

/** Answers the requests for the page in your own server, at any path. */
export interface DevtoolsHandler {
  /** For `node:http`, Express, Fastify's `reply.raw` and others with Node's request and response. */
  (request: IncomingMessage, response: ServerResponse): void
  /** For servers that take a `Request` and return a `Response`. It needs a `token`, since the address of the client is not known. */
  fetch(request: Request): Promise<Response>
  /**
   * Disconnects the pages that are open, and removes all listeners from the clients. The handler still answers requests, and shows the calls until
   * then: remove its route, too.
   */
  readonly close: () => void
}

const text: Check = (value) => (typeof value === 'string' && value !== '') || 'a text that is not empty'
const hostNames: Check = (value) =>
  (Array.isArray(value) && value.every((name) => typeof name === 'string' && /^[^\s/:]+$/.test(name))) ||
  'a list of host names without ports'
/** The checks of the options that `openDevtools` has, too. */
export const COMMON_CHECKS = { name: text, hosts: hostNames }
const CHECKS = checksOf({ ...COMMON_CHECKS, token: text })

/**
 * Creates a handler that serves the page in a server of your own.
 *
 *     const handler = devtoolsHandler(harbor, { token: process.env.DEVTOOLS_TOKEN })
 *     createServer((request, response) => (request.url?.startsWith('/harbor') ? handler(request, response) : app(request, response)))
 *
 * @param harbor a client, or several. Pass only one of a client and its copies: they share their state
 * @throws TypeError for an unknown option or an invalid value
 */
export function devtoolsHandler(
  harbor: DevtoolsClient | readonly DevtoolsClient[],
  options: DevtoolsHandlerOptions = {},
): DevtoolsHandler {
  checkOptions(options, CHECKS, {})
  const { token, hosts = [], name = programName() } = options
  const feed = new Feed(clientsOf(harbor), name)
  const streams = new OpenStreams(feed)
  const parts = { feed, streams, rules: { token, hosts } }
  const handler = (request: IncomingMessage, response: ServerResponse): void => {
    answerNode(request, response, parts).catch(() => response.destroy())
  }
  return Object.assign(handler, {
    fetch: (request: Request) => answerFetch(request, parts),
    close() {
      streams.closeAll()
      feed.close()
    },
  })
}

/** Checks the clients. */
function clientsOf(harbor: DevtoolsClient | readonly DevtoolsClient[]): readonly DevtoolsClient[] {
  const clients = Array.isArray(harbor) ? (harbor as readonly DevtoolsClient[]) : [harbor as DevtoolsClient]
  if (clients.length === 0)
    throw new TypeError('harbor must be a client or a list of clients, got an empty list')
  for (const client of clients) expectValue('harbor', client, having('a Harbor client', 'on', 'stats'))
  return [...new Set(clients)]
}

function programName(): string {
  return basename(process.argv[1] ?? '') || 'Harbor'
}
