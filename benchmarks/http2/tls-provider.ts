import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { answerFor } from '../instant-answers.ts'
import { sendWords, type InstantProvider } from '../instant-provider.ts'

const fixtures = join(import.meta.dirname, '../../packages/pool/test/fixtures')
const fixture = (name: string): string => readFileSync(join(fixtures, name), 'utf8')

/** The authority that has signed the certificate of the server. */
export const CA = fixture('ca.pem')
export const CERTIFICATE = { cert: fixture('server.pem'), key: fixture('server.key.pem') }

/**
 * A provider with TLS in its own process, which speaks HTTP/1.1 and HTTP/2 on the same port; the client chooses. It answers at once, with 1 KB
 * of JSON or a stream.
 */
export async function startTlsProvider(): Promise<InstantProvider> {
  const server = fork(import.meta.filename, ['serve'])
  const [port] = (await once(server, 'message')) as [number]
  return { baseURL: `https://localhost:${port}/v1`, close: () => server.disconnect() }
}

function serve(): void {
  const { whole, word, end } = answerFor('/v1/chat/completions')
  const answer = (body: string, response: Http2ServerResponse): void => {
    if (!body.includes('"stream":true')) {
      response.writeHead(200, { 'content-type': 'application/json' }).end(whole)
      return
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    sendWords(response, word, end)
  }
  const settings = { maxConcurrentStreams: 1_000 }
  const server = createSecureServer(
    { ...CERTIFICATE, allowHTTP1: true, settings },
    (request: Http2ServerRequest, response: Http2ServerResponse) => {
      let body = ''
      request.on('data', (chunk: Buffer) => (body += chunk.toString()))
      request.on('end', () => {
        answer(body, response)
      })
    },
  )
  server.listen(0, 'localhost', () => process.send?.((server.address() as AddressInfo).port))
  process.on('disconnect', () => process.exit())
}

if (process.argv[2] === 'serve' && process.argv[1] === import.meta.filename) serve()
