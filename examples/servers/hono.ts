/** A chat endpoint in Hono that streams one JSON chunk per line, which `ChatCompletionStream.fromReadableStream()` reads in a browser. */
import { APIError, Harbor } from '@harbor/core'
import { Hono } from 'hono'
import type { Server } from 'node:http'

const harbor = new Harbor() // one for the whole process; the key is OPENAI_API_KEY
export const app = new Hono()

app.post('/chat', async (context) => {
  const { prompt } = await context.req.json<{ prompt: string }>()
  const stream = await harbor.chat.completions.create(
    { model: 'gpt-4', stream: true, messages: [{ role: 'user', content: prompt }] },
    { signal: context.req.raw.signal }, // aborts when the client disconnects
  )
  return new Response(stream.toReadableStream(), { headers: { 'content-type': 'application/x-ndjson' } })
})

app.onError((error) => {
  const status = error instanceof APIError ? Number(error.status ?? 502) : 500
  return new Response(null, { status })
})

/** Accepts no more connections, lets the streams that clients are reading finish, and closes Harbor: `process.once('SIGTERM', …)`. */
export async function shutDown(server: Pick<Server, 'close'>): Promise<void> {
  server.close() // of `const server = serve(app)`
  await harbor.close({ graceMs: 10_000 })
}
