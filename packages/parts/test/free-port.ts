import { once } from 'node:events'
import { createServer } from 'node:net'

/** The range of the ports: above those of simulators, and below the ports that systems give to connections. */
const LOWEST = 25_000
const COUNT = 7_000

/**
 * A port that is free now, for a server that cannot choose one itself. Until that server listens, nothing takes the port: a port from the system
 * could be given to one of the many connections that other tests open meanwhile.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = LOWEST + Math.floor(Math.random() * COUNT)
    const server = createServer().listen(port, '127.0.0.1')
    try {
      await once(server, 'listening')
    } catch {
      continue
    }
    server.close()
    await once(server, 'close')
    return port
  }
}
