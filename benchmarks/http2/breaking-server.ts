import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { constants, createSecureServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { randomFrom } from './random.ts'
import { CERTIFICATE } from './tls-provider.ts'

/** A server whose streams and connections break at random: one stream in ten is reset, and one connection in fifty says goodbye or breaks. */
export async function startBreakingServer(seed: number): Promise<{ url: string; process: ChildProcess }> {
  const server = fork(import.meta.filename, ['serve', String(seed)])
  const [port] = (await once(server, 'message')) as [number]
  return { url: `https://localhost:${port}`, process: server }
}

function serve(seed: number): void {
  const random = randomFrom(seed)
  const server = createSecureServer({ ...CERTIFICATE, allowHTTP1: true }, (request, response) => {
    const dice = random()
    // With HTTP/1.1 there is no stream, only the connection.
    const stream = request.httpVersion === '2.0' ? request.stream : undefined
    stream?.on('error', () => undefined)
    if (dice < 0.1) {
      if (stream) stream.close(constants.NGHTTP2_INTERNAL_ERROR)
      else request.socket.destroy()
    } else if (dice < 0.11) {
      stream?.session?.close()
      response.end('goodbye')
    } else if (dice < 0.12) {
      ;(stream?.session?.socket ?? request.socket).destroy()
    } else {
      response.write('first ')
      setTimeout(() => response.end('last'), 5 * random())
    }
  })
  server.on('session', (session) => session.on('error', () => undefined))
  server.listen(0, 'localhost', () => process.send?.((server.address() as AddressInfo).port))
  process.on('disconnect', () => process.exit())
}

if (process.argv[2] === 'serve' && process.argv[1] === import.meta.filename) serve(Number(process.argv[3]))
