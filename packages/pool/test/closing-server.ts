import type { Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { bodyOf, startServer } from './server.ts'

export interface ClosingServer {
  url: string
  /** How often each body was executed. */
  executed: Map<string, number>
  /** The number of idle connections that the server has closed. */
  closed: () => number
}

/**
 * A server that closes idle connections at random, as servers and load balancers do, and cuts the connection in the
 * middle of the answer to a body that begins with `cut`.
 */
export async function startClosingServer(random: () => number): Promise<ClosingServer> {
  const executed = new Map<string, number>()
  const idle = new Set<Socket>()
  let closed = 0
  const { url } = await startServer(async (request, response) => {
    const { socket } = request
    idle.delete(socket)
    const body = (await bodyOf(request)).toString()
    executed.set(body, (executed.get(body) ?? 0) + 1)
    if (body.startsWith('cut')) {
      socket.write('HTTP/1.1 200 OK\r\ncontent-le')
      setTimeout(() => socket.destroy(), 2)
      return
    }
    response.on('finish', () => idle.add(socket)).end(body)
  })
  const closing = setInterval(() => {
    for (const socket of idle) {
      if (socket.destroyed || random() < 0.2) idle.delete(socket)
      else continue
      if (!socket.destroyed) closed++
      socket.destroySoon()
    }
  }, 1)
  onTestFinished(() => clearInterval(closing))
  return { url, executed, closed: () => closed }
}

/** A seeded random number generator. */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
