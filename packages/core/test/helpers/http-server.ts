import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'

export interface UpstreamRequest {
  readonly method: string
  /** Path and query. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface TestServer {
  readonly origin: string
  /** The origin with `/v1`. */
  readonly baseURL: string
  /** The requests received so far, with their bodies. */
  readonly requests: readonly UpstreamRequest[]
}

/** Starts an HTTP server for one test, for endpoints and answers that the simulator does not have. */
export async function serve(
  answer: (request: UpstreamRequest, response: ServerResponse) => void,
): Promise<TestServer> {
  const requests: UpstreamRequest[] = []
  const server = createServer((incoming, response) => {
    const { method = '', url = '', headers } = incoming
    void text(incoming).then((body) => {
      const request = { method, path: url, headers, body }
      requests.push(request)
      answer(request, response)
    })
  })
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { origin, baseURL: `${origin}/v1`, requests }
}

/** A complete chat completion, to send with `sendJson`. */
export const CHAT_ANSWER = {
  id: 'c',
  object: 'chat.completion',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
}

export function sendJson(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
