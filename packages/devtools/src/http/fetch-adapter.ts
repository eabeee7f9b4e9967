import type { Feed } from '../feed/feed.ts'
import type { AccessRules } from './access.ts'
import type { OpenStreams } from './open-streams.ts'
import type { PageStream } from './page-stream.ts'
import { answerTo } from './routes.ts'

/** Answers a request of a server that takes a `Request` and returns a `Response`. */
export async function answerFetch(
  request: Request,
  {
    feed,
    streams,
    rules,
  }: { readonly feed: Feed; readonly streams: OpenStreams; readonly rules: AccessRules },
): Promise<Response> {
  const { host, pathname, search } = new URL(request.url)
  const header = (name: string): string | undefined =>
    // Some servers leave out the header that is in the URL.
    request.headers.get(name) ?? (name === 'host' ? host : undefined)
  const { status, headers, body } = await answerTo(
    {
      method: request.method,
      url: pathname + search,
      header,
      peer: undefined,
      body: (maxBytes) => bodyOf(request, maxBytes),
    },
    feed,
    rules,
  )
  if (body !== undefined) return new Response(body === '' ? null : body, { status, headers })
  return new Response(eventsOf(streams, header('last-event-id')), { status, headers })
}

function eventsOf(streams: OpenStreams, lastEventId: string | undefined): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  let stream: PageStream | undefined
  let isOver = false
  return new ReadableStream<Uint8Array>({
    start(controller) {
      const sink = {
        write(text: string) {
          if (isOver) return true
          controller.enqueue(encoder.encode(text))
          return (controller.desiredSize ?? 0) > 0
        },
        end() {
          if (!isOver) controller.close()
          isOver = true
        },
        destroy: () => controller.error(new Error('The page did not read its events.')),
      }
      stream = streams.open(sink, lastEventId)
    },
    pull: () => stream?.drained(),
    cancel() {
      isOver = true
      if (stream) streams.remove(stream)
    },
  })
}

async function bodyOf(request: Request, maxBytes: number): Promise<string | undefined> {
  const decoder = new TextDecoder()
  let bytes = 0
  let text = ''
  for await (const chunk of (request.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length
    if (bytes > maxBytes) return undefined
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}
