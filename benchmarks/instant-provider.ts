import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { answerFor } from './instant-answers.ts'

/** The number of chunks in a stream. */
export const CHUNKS = 200

export interface InstantProvider {
  baseURL: string
  close(): void
}

/**
 * A provider in its own process, which answers every call of OpenAI's chat, Anthropic's messages and Gemini at once or after a delay: with 1 KB of JSON, or with a stream of 200
 * chunks. It does as little as possible, so that the client is measured.
 */
export async function startInstantProvider(delayMs = 0): Promise<InstantProvider> {
  const server = fork(import.meta.filename, ['serve', String(delayMs)])
  const [port] = (await once(server, 'message')) as [number]
  return { baseURL: `http://127.0.0.1:${port}/v1`, close: () => server.disconnect() }
}

/** Sends a word again and again, as fast as the event loop allows, and then the end of the stream. */
export function sendWords(
  response: { write(text: string): unknown; end(text: string): unknown },
  word: string,
  end: string,
): void {
  let sent = 0
  const next = (): void => {
    if (sent++ < CHUNKS) {
      response.write(word)
      setImmediate(next)
    } else {
      response.end(end)
    }
  }
  next()
}

function serve(delayMs: number): void {
  function answer(url: string, body: string, response: ServerResponse): void {
    const [path = ''] = url.split('?')
    const { whole, beginning, word, end } = answerFor(path)
    if (!body.includes('"stream":true') && !path.endsWith(':streamGenerateContent')) {
      response.writeHead(200, { 'content-type': 'application/json' }).end(whole)
      return
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    if (beginning !== '') response.write(beginning)
    sendWords(response, word, end)
  }

  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      if (delayMs === 0) answer(request.url ?? '', body, response)
      else setTimeout(answer, delayMs, request.url ?? '', body, response)
    })
  })
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
  process.on('disconnect', () => process.exit())
}

if (process.argv[2] === 'serve' && process.argv[1] === import.meta.filename) serve(Number(process.argv[3]))
