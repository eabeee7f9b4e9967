/** `app/api/chat/route.ts` of Next.js, and any other server of `Request` and `Response`: server-sent events for `EventSource` readers. */
import { APIError, Harbor } from '@harbor/core'
import type { OpenAI } from 'openai'

export const runtime = 'nodejs'
const harbor = new Harbor() // one for the whole process; the key is OPENAI_API_KEY
// Next.js closes its server at SIGTERM. Streams that clients are reading may finish. A route may export nothing but its methods and settings.
process.once('SIGTERM', () => void harbor.close({ graceMs: 10_000 }))

export async function POST(request: Request): Promise<Response> {
  const { prompt } = (await request.json()) as { prompt: string }
  try {
    const stream = await harbor.chat.completions.create(
      { model: 'gpt-4', stream: true, messages: [{ role: 'user', content: prompt }] },
      { signal: request.signal }, // aborts when the client disconnects
    )
    const body = ReadableStream.from(eventsOf(stream)).pipeThrough(new TextEncoderStream())
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
  } catch (error) {
    const status = error instanceof APIError ? Number(error.status ?? 502) : 500
    return new Response(null, { status })
  }
}

async function* eventsOf(stream: AsyncIterable<OpenAI.ChatCompletionChunk>) {
  for await (const { choices } of stream) {
    const text = choices[0]?.delta.content
    if (text) yield `data: ${JSON.stringify(text)}\n\n`
  }
  yield 'data: [DONE]\n\n'
}
