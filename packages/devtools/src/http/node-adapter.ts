import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AccessRules } from './access.ts'
import type { Feed } from '../feed/feed.ts'
import type { OpenStreams } from './open-streams.ts'
import { answerTo } from './routes.ts'

/** Answers a request of a server of `node:http`. */
export async function answerNode(
  request: IncomingMessage,
  response: ServerResponse,
  {
    feed,
    streams,
    rules,
  }: { readonly feed: Feed; readonly streams: OpenStreams; readonly rules: AccessRules },
): Promise<void> {
  const header = (name: string): string | undefined => {
    const value = request.headers[name]
    return Array.isArray(value) ? value.join(', ') : value
  }
  const { status, headers, body } = await answerTo(
    {
      method: request.method ?? 'GET',
      url: request.url ?? '/',
      header,
      peer: request.socket.remoteAddress,
      body: (maxBytes) => bodyOf(request, maxBytes),
    },
    feed,
    rules,
  )
  if (response.destroyed) return
  response.writeHead(status, headers)
  if (body !== undefined) {
    response.end(body)
    return
  }
  const stream = streams.open(
    {
      write: (text) => response.write(text),
      end: () => response.end(),
      destroy: () => response.destroy(),
    },
    header('last-event-id'),
  )
  response.on('drain', () => stream.drained())
  response.on('close', () => streams.remove(stream))
  // A connection that breaks ends the stream by its `close`.
  response.on('error', () => undefined)
}

/** Reads a body. A body-parsing middleware before the page has read it already, and stored it as `body`. */
async function bodyOf(request: IncomingMessage, maxBytes: number): Promise<string | undefined> {
  const { body } = request as { body?: unknown }
  if (body !== undefined) return typeof body === 'string' ? body : JSON.stringify(body)
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > maxBytes) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
