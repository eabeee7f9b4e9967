/** Chat endpoints for `useChat` of the AI SDK: a route handler of `Request` and `Response`, and one for Express or Node's HTTP. */
import { createAnthropic } from '@ai-sdk/anthropic'
import { createOpenAI } from '@ai-sdk/openai'
import { createFallbackModel } from '@harbor/ai-sdk'
import * as ai from 'ai'
import type { IncomingMessage, ServerResponse } from 'node:http'

// One model for the whole process, made of the models of two vendors. The addresses are those of a proxy or a test, if there is one.
const [openaiURL, anthropicURL] = [process.env['OPENAI_BASE_URL'], process.env['ANTHROPIC_BASE_URL']]
const openai = createOpenAI(openaiURL ? { baseURL: openaiURL } : {})
const anthropic = createAnthropic(anthropicURL ? { baseURL: anthropicURL } : {})
const model = createFallbackModel({ models: [openai('gpt-4.1-mini'), anthropic('claude-haiku-4-5')] })
process.once('SIGTERM', () => {
  model.close() // further calls fail; streams that clients are reading go on
})

export const { POST, handle } = endpoints(model)

/** The two endpoints for a model: one of `createFallbackModel`, or one whose provider has `fetch: createHarborFetch()`. */
export function endpoints(model: ai.LanguageModel) {
  async function POST(request: Request): Promise<Response> {
    const { messages } = (await request.json()) as { messages: ai.UIMessage[] }
    const { status, stream } = await answer(model, messages, request.signal) // aborts when the client disconnects
    return stream ? ai.createUIMessageStreamResponse({ stream }) : new Response(null, { status })
  }
  async function handle(
    request: IncomingMessage & { body: unknown },
    response: ServerResponse,
  ): Promise<void> {
    const { messages } = request.body as { messages: ai.UIMessage[] }
    const disconnected = new AbortController()
    response.once('close', () => {
      disconnected.abort()
    })
    const { status, stream } = await answer(model, messages, disconnected.signal)
    if (stream) await ai.pipeUIMessageStreamToResponse({ response, stream })
    else response.writeHead(status).end()
  }
  return { POST, handle }
}

/** Waits for the first content, which Harbor waits for as well, so that a failure before it has a status and no stream. */
async function answer(model: ai.LanguageModel, messages: ai.UIMessage[], abortSignal: AbortSignal) {
  let status = 500
  const { stream } = ai.streamText({
    model,
    messages: await ai.convertToModelMessages(messages),
    maxRetries: 0, // Harbor makes the retries
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
  /** Ends with the first error: after it, the stream of a fallback model fails, so that `text` rejects. */
  async function* all() {
    yield* held
    for await (const part of { [Symbol.asyncIterator]: () => parts }) {
      yield part
      if (part.type === 'error') return
    }
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
