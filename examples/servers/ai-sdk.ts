/** Chat endpoints for `useChat` of the AI SDK: a route handler of `Request` and `Response`, and one for Express or Node's HTTP. */
import { createOpenAI } from '@ai-sdk/openai'
import { createHarborFetch } from '@harbor/core'
import * as ai from 'ai'
import type { IncomingMessage, ServerResponse } from 'node:http'

const fetch = createHarborFetch() // one for the whole process
const openai = createOpenAI({
  fetch,
  ...(process.env['OPENAI_BASE_URL'] && { baseURL: process.env['OPENAI_BASE_URL'] }),
})
process.once('SIGTERM', () => void fetch.close({ graceMs: 10_000 })) // streams that clients are reading may finish

export async function POST(request: Request): Promise<Response> {
  const { messages } = (await request.json()) as { messages: ai.UIMessage[] }
  const { status, stream } = await answer(messages, request.signal) // aborts when the client disconnects
  return stream ? ai.createUIMessageStreamResponse({ stream }) : new Response(null, { status })
}

export async function handle(
  request: IncomingMessage & { body: unknown },
  response: ServerResponse,
): Promise<void> {
  const { messages } = request.body as { messages: ai.UIMessage[] }
  const disconnected = new AbortController()
  response.once('close', () => {
    disconnected.abort()
  })
  const { status, stream } = await answer(messages, disconnected.signal)
  if (stream) await ai.pipeUIMessageStreamToResponse({ response, stream })
  else response.writeHead(status).end()
}

/** Waits for the first content, which Harbor waits for as well, so that a failure before it has a status and no stream. */
async function answer(messages: ai.UIMessage[], abortSignal: AbortSignal) {
  let status = 500
  const { stream } = ai.streamText({
    model: openai('gpt-4.1-mini'),
    messages: await ai.convertToModelMessages(messages),
    maxRetries: 0, // Harbor retries
    abortSignal,
    onError({ error }) {
      status = ai.APICallError.isInstance(error) ? (error.statusCode ?? 502) : 502
    },
  })
  const parts = stream[Symbol.asyncIterator]()
  const held: ai.TextStreamPart<ai.ToolSet>[] = []
  for (let next = await parts.next(); !next.done; next = await parts.next()) {
    held.push(next.value)
    if (next.value.type === 'error' || next.value.type === 'abort') return { status }
    if (next.value.type !== 'start' && next.value.type !== 'start-step') break
  }
  async function* all() {
    yield* held
    yield* { [Symbol.asyncIterator]: () => parts }
  }
  // What the browser gets: the parts of the message, and this text for an error in the middle. No receipt is in either.
  return {
    status: 200,
    stream: ai.toUIMessageStream({
      stream: ReadableStream.from(all()),
      onError: () => 'The answer broke off.',
    }),
  }
}
