import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** The number of chunks in a stream. */
export const CHUNKS = 200

export interface InstantProvider {
  baseURL: string
  close(): void
}

/**
 * A provider in its own process, which answers every chat call at once or after a delay: with 1 KB of JSON, or with a stream of 200
 * chunks. It does as little as possible, so that the client is measured.
 */
export async function startInstantProvider(delayMs = 0): Promise<InstantProvider> {
  const server = fork(import.meta.filename, ['serve', String(delayMs)])
  const [port] = (await once(server, 'message')) as [number]
  return { baseURL: `http://127.0.0.1:${port}/v1`, close: () => server.disconnect() }
}

function serve(delayMs: number): void {
  const base = { id: 'chatcmpl-1', created: 1, model: 'm' }
  const message = { role: 'assistant', content: 'x'.repeat(800) }
  const whole = JSON.stringify({
    ...base,
    object: 'chat.completion',
    choices: [{ index: 0, message, finish_reason: 'stop' }],
    usage: { prompt_tokens: 9, completion_tokens: 200, total_tokens: 209 },
  })
  const delta = { index: 0, delta: { content: 'word ' }, finish_reason: null }
  const event = (choice: object): string =>
    `data: ${JSON.stringify({ ...base, object: 'chat.completion.chunk', choices: [choice] })}\n\n`
  const word = event(delta)
  const end = `${event({ index: 0, delta: {}, finish_reason: 'stop' })}data: [DONE]\n\n`

  function answer(body: string, response: ServerResponse): void {
    if (!body.includes('"stream":true')) {
      response.writeHead(200, { 'content-type': 'application/json' }).end(whole)
      return
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' })
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

  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      if (delayMs === 0) answer(body, response)
      else setTimeout(answer, delayMs, body, response)
    })
  })
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
  process.on('disconnect', () => process.exit())
}

if (process.argv[2] === 'serve' && process.argv[1] === import.meta.filename) serve(Number(process.argv[3]))
