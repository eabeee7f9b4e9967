import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

export interface Connection {
  /** The number of the connection, counted from 1. */
  readonly id: number
  /** The number of calls received on the connection. */
  calls: number
  /** Whether the simulator ended the connection. False if the client ended it. */
  ended: boolean
}

export interface ListenerEvents {
  connection(socket: Socket, connection: Connection): void
  request(request: IncomingMessage, response: ServerResponse, connection: Connection): void
}

/**
 * The ports that are tried when none is given. They lie below those that systems give to outgoing connections: such a connection could take the
 * port of a server that is down, and the server could not come back.
 */
const LOWEST_PORT = 15_000
const PORTS = 10_000
const MAX_TRIES = 20
const TAKEN: ReadonlySet<string | undefined> = new Set(['EADDRINUSE', 'EACCES'])

/** An HTTP server that tracks its connections. It can stop listening, and listen again on the same port. */
export class Listener {
  readonly #server: Server
  readonly #connections = new Map<Socket, Connection>()
  #ids = 0
  #port = 0
  #listening = false

  constructor(events: ListenerEvents) {
    // The client decides how long a connection stays open.
    this.#server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 })
    this.#server.on('connection', (socket: Socket) => {
      const connection = { id: ++this.#ids, calls: 0, ended: false }
      this.#connections.set(socket, connection)
      socket.once('close', () => this.#connections.delete(socket))
      events.connection(socket, connection)
    })
    this.#server.on('request', (request, response) => {
      const connection = this.#connections.get(request.socket)
      if (connection === undefined) return
      connection.calls++
      events.request(request, response, connection)
    })
  }

  /** The port on which the server listens. While it is down, the port on which it listened before. */
  get port(): number {
    return this.#port
  }

  get openConnections(): number {
    return this.#connections.size
  }

  /** Starts to listen on the given port or, without one, on the previous port. With 0, on a free port. */
  async up(port = this.#port): Promise<void> {
    if (this.#listening) return
    this.#listening = true
    try {
      if (port === 0) await this.#listenAnywhere()
      else await this.#listen(port)
    } catch (error) {
      this.#listening = false
      throw error
    }
    this.#port = (this.#server.address() as AddressInfo).port
  }

  async #listenAnywhere(): Promise<void> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      try {
        await this.#listen(LOWEST_PORT + Math.floor(Math.random() * PORTS))
        return
      } catch (error) {
        if (!TAKEN.has((error as NodeJS.ErrnoException).code)) throw error
      }
    }
    await this.#listen(0)
  }

  #listen(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(port, '127.0.0.1', () => {
        this.#server.off('error', reject)
        resolve()
      })
    })
  }

  /** Stops listening and destroys every connection. */
  async down(): Promise<void> {
    if (!this.#listening) return
    this.#listening = false
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve())
      for (const [socket, connection] of this.#connections) {
        connection.ended = true
        socket.destroy()
      }
    })
  }
}
