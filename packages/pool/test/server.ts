import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, type ServerOptions } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { onTestFinished } from 'vitest'

export interface TestServer {
  url: string
  server: Server
  /** Sockets opened so far. */
  opened: number
  /** Sockets open now. */
  sockets: Set<Socket>
  /** Requests received, in order, as `METHOD path`. */
  requests: string[]
}

export type Handler = (request: IncomingMessage, response: ServerResponse) => unknown

/** A server on a free loopback port, closed when the test is over. */
export async function startServer(handler: Handler, tls?: ServerOptions): Promise<TestServer> {
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    running.requests.push(`${request.method ?? ''} ${request.url ?? ''}`)
    void handler(request, response)
  }
  const server = tls ? createTlsServer(tls, listener) : createServer(listener)
  const running: TestServer = { url: '', server, opened: 0, sockets: new Set(), requests: [] }
  server.on('connection', (socket: Socket) => {
    running.opened++
    running.sockets.add(socket)
    socket.on('close', () => running.sockets.delete(socket)).on('error', () => undefined)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  running.url = tls ? `https://localhost:${port}` : `http://127.0.0.1:${port}`
  onTestFinished(() => {
    server.close()
    for (const socket of running.sockets) socket.destroy()
  })
  return running
}

export async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** Answers with the request itself. */
export const echo: Handler = async (request, response) => {
  const body = await bodyOf(request)
  const { method, url, headers } = request
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ method, url, headers, body: body.toString('latin1') }))
}

/** Holds every response back until `open()` is called. */
export function gate(): { handler: Handler; open: () => void; waiting: () => number } {
  let isOpen = false
  const waiting: (() => void)[] = []
  return {
    handler: (_request, response) => {
      if (isOpen) response.end('ok')
      else waiting.push(() => response.end('ok'))
    },
    open: () => {
      isOpen = true
      for (const answer of waiting.splice(0)) answer()
    },
    waiting: () => waiting.length,
  }
}

export interface Echoed {
  method: string
  url: string
  headers: Record<string, string>
  body: string
}

/** Waits until a condition is true. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2))
}
