/** A chat endpoint in Express that streams plain text. A client that disconnects aborts the request to the provider. */
import { APIError, Harbor } from '@harbor/core'
import express from 'express'
import type { OpenAI } from 'openai'
import type { Server } from 'node:http'
import { pipeline } from 'node:stream/promises'

const harbor = new Harbor() // one for the whole process; the key is OPENAI_API_KEY
export const app = express()
app.use(express.json())

app.post('/chat', async (request, response) => {
  const { prompt } = request.body as { prompt: string }
  const disconnected = new AbortController()
  response.once('close', () => {
    disconnected.abort()
  })
  try {
    const stream = await harbor.chat.completions.create(
      { model: 'gpt-4', stream: true, messages: [{ role: 'user', content: prompt }] },
      { signal: disconnected.signal },
    )
    response.type('text/plain')
    await pipeline(textOf(stream), response) // waits for slow clients, and destroys the response if the stream breaks
  } catch (error) {
    if (response.headersSent || response.destroyed) return
    const status = error instanceof APIError ? Number(error.status ?? 502) : 500
    response.sendStatus(status)
  }
})

async function* textOf(stream: AsyncIterable<OpenAI.ChatCompletionChunk>) {
  for await (const { choices } of stream) {
    const text = choices[0]?.delta.content
    if (text) yield text
  }
}

/** Accepts no more connections, lets the streams that clients are reading finish, and closes Harbor: `process.once('SIGTERM', …)`. */
export async function shutDown(server: Server): Promise<void> {
  server.close()
  await harbor.close({ graceMs: 10_000 })
}
