import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request that the provider has received. The test decides when and how it is answered. */
export interface HeldRequest {
  readonly text: string
  readonly headers: NodeJS.Dict<string | string[]>
  readonly isClosed: boolean
  /** Answers with JSON. */
  json(status: number, body: object): void
  /** Sends words of a streamed answer, each in an event of its own. */
  words(...words: readonly string[]): void
  /** Ends a streamed answer as OpenAI does. */
  end(): void
  /** Breaks the connection. */
  cut(): void
}

/** A provider with OpenAI's Chat Completions, whose answers the test sends event by event. */
export class HeldProvider {
  readonly requests: HeldRequest[] = []
  readonly baseURL: string
  readonly close: () => void
  readonly #waiting: (() => void)[] = []

  private constructor(baseURL: string, close: () => void) {
    this.baseURL = baseURL
    this.close = close
  }

  static async start(): Promise<HeldProvider> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => provider.#take(Buffer.concat(chunks).toString(), request.headers, response))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const provider = new HeldProvider(`http://127.0.0.1:${port}/v1`, () => {
      server.closeAllConnections()
      server.close()
    })
    return provider
  }

  /** Resolves with a request, counted from 0, as soon as it has arrived. */
  async request(index: number): Promise<HeldRequest> {
    for (;;) {
      const request = this.requests[index]
      if (request) return request
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
  }

  #take(text: string, headers: NodeJS.Dict<string | string[]>, response: ServerResponse): void {
    let isOpen = false
    const event = (data: object): void => {
      if (!isOpen) response.writeHead(200, { 'content-type': 'text/event-stream' })
      isOpen = true
      response.write(`data: ${JSON.stringify({ ...CHUNK, ...data })}\n\n`)
    }
    this.requests.push({
      text,
      headers,
      get isClosed() {
        return response.destroyed || response.closed
      },
      json: (status, body) => {
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
      },
      words: (...words) => {
        for (const content of words)
          event({ choices: [{ index: 0, delta: { content }, finish_reason: null }] })
      },
      end: () => {
        event({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })
        response.end('data: [DONE]\n\n')
      },
      cut: () => response.destroy(),
    })
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}

const CHUNK = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'gpt-4' }

/** The body of an answer in JSON. */
export function completion(content: string): object {
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model: 'gpt-4',
    choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
  }
}
