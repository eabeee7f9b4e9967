import type { DevtoolsClient } from '../client.ts'
import type { Feed } from '../feed/feed.ts'
import { refusalOf, type AccessRules, type RequestFacts } from './access.ts'
import { DOCUMENT, SECURITY_HEADERS } from './document.ts'

/** The maximum size of a request to explain, in bytes. */
const MAX_EXPLAIN_BYTES = 1_048_576

/** A request to the page, whatever server has received it. */
export interface PageRequest extends Omit<RequestFacts, 'query' | 'isDocument'> {
  readonly method: string
  /** Path and query. Where the page is mounted does not matter. */
  readonly url: string
  /** Reads the body. @returns undefined if it is larger than the maximum size, in bytes */
  readonly body: (maxBytes: number) => Promise<string | undefined>
}

export interface PageAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** The body; undefined for the stream of events. */
  readonly body: string | undefined
}

/** The parts of the page besides its document: the last segments of their paths. */
const PARTS = new Set(['events', 'explain', 'content'])

/** Answers a request to the page. Never throws. */
export async function answerTo(request: PageRequest, feed: Feed, rules: AccessRules): Promise<PageAnswer> {
  const { pathname, searchParams } = new URL(request.url, 'http://page')
  const name = pathname.slice(pathname.lastIndexOf('/') + 1)
  const isDocument = !PARTS.has(name)
  const refusal = refusalOf({ ...request, query: searchParams, isDocument }, rules)
  if (refusal) return text(refusal.status, refusal.message)
  // The browser looks for files such as favicon.ico beside the page.
  if (isDocument && name.includes('.')) return text(404, 'There is no such file.')
  const method = name === 'explain' ? 'POST' : 'GET'
  if (request.method !== method && !(isDocument && request.method === 'HEAD'))
    return text(405, `Use ${method}.`, { allow: method })
  if (name === 'events')
    return answer(200, 'text/event-stream; charset=utf-8', undefined, { 'x-accel-buffering': 'no' })
  if (name === 'explain') return explained(request, feed.clients)
  if (name === 'content') return contentOf(searchParams.get('id') ?? '', feed)
  return answer(200, 'text/html; charset=utf-8', request.method === 'HEAD' ? '' : DOCUMENT)
}

function contentOf(id: string, feed: Feed): PageAnswer {
  const content = feed.contentOf(id)
  return content
    ? answer(200, 'application/json', JSON.stringify(content))
    : text(404, 'There is no content of this call.')
}

async function explained(request: PageRequest, clients: readonly DevtoolsClient[]): Promise<PageAnswer> {
  // Another site cannot send this type without asking the browser for permission first.
  if (!/^application\/json\b/i.test(request.header('content-type') ?? ''))
    return text(415, 'Send application/json.')
  const body = await request.body(MAX_EXPLAIN_BYTES)
  if (body === undefined) return text(413, 'The request is too large.')
  try {
    const { client: index, request: explainable } = JSON.parse(body) as {
      client?: unknown
      request?: unknown
    }
    const client = clients[Number(index)]
    if (!client?.explain || typeof explainable !== 'object' || explainable === null)
      return text(400, 'Send {"client": 0, "request": {"model": "…"}}.')
    return answer(200, 'application/json', JSON.stringify(client.explain(explainable)))
  } catch {
    // The message of the error could contain a part of the request.
    return text(400, 'The client cannot explain this request.')
  }
}

function text(status: number, body: string, headers?: Readonly<Record<string, string>>): PageAnswer {
  return answer(status, 'text/plain; charset=utf-8', `${body}\n`, headers)
}

function answer(
  status: number,
  type: string,
  body: string | undefined,
  headers: Readonly<Record<string, string>> = {},
): PageAnswer {
  return { status, headers: { ...SECURITY_HEADERS, 'content-type': type, ...headers }, body }
}
