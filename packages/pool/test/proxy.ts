import { once } from 'node:events'
import { createServer, request as ask } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** A forward proxy: tunnels for CONNECT, forwards other requests, and records both. */
export async function startProxy(): Promise<{
  url: string
  seen: string[]
  authorizations: (string | undefined)[]
}> {
  const seen: string[] = []
  const authorizations: (string | undefined)[] = []
  const sockets = new Set<Socket>()
  const keep = (socket: Socket): Socket => {
    sockets.add(socket)
    return socket.on('error', () => undefined)
  }
  const proxy = createServer((request, response) => {
    seen.push(`${request.method ?? ''} ${request.url ?? ''}`)
    const { 'proxy-authorization': authorization, ...headers } = request.headers
    authorizations.push(authorization)
    const onward = ask(request.url ?? '', { method: request.method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    request.pipe(onward)
  })
  proxy.on('connection', keep)
  proxy.on('connect', (request, client: Socket) => {
    seen.push(`CONNECT ${request.url ?? ''}`)
    authorizations.push(request.headers['proxy-authorization'])
    const [host = '', port] = request.url?.split(':') ?? []
    const onward = keep(
      connect(Number(port), host, () => client.write('HTTP/1.1 200 Connection established\r\n\r\n')),
    )
    keep(client).pipe(onward).pipe(client)
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  onTestFinished(() => {
    proxy.close()
    for (const socket of sockets) socket.destroy()
  })
  return { url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, seen, authorizations }
}
