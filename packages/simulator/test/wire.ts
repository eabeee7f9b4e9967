import { request as httpRequest, Agent, type IncomingHttpHeaders } from 'node:http'
import { setTimeout } from 'node:timers/promises'
import type { SimulatedProvider } from '../src/index.ts'

/** The answer to a request, byte for byte, and how the connection ended. */
export interface WireAnswer {
  status: number | undefined
  headers: IncomingHttpHeaders
  body: string
  bytes: Buffer
  /** The sizes of the chunks in which the body arrived. */
  pieces: number[]
  /** 'whole' if the body is complete, 'gone' if the client closed the connection; otherwise the error's code. */
  ended: string
}

export interface WireOptions {
  agent?: Agent | undefined
  headers?: Record<string, string> | undefined
  /** Closes the connection after this many bytes of the body; 0 for after the headers. */
  abortAfterBytes?: number | undefined
  /** Closes the connection when nothing has arrived for this many turns of at least a millisecond. */
  patienceMs?: number | undefined
}

/** Sends a JSON body with plain node:http, which repairs, decodes and retries nothing. */
export function post(
  provider: SimulatedProvider,
  path: string,
  body: unknown,
  { agent, headers, abortAfterBytes, patienceMs }: WireOptions = {},
): Promise<WireAnswer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let status: number | undefined
    let received: IncomingHttpHeaders = {}
    let gone = false
    let finished = false

    const request = httpRequest(
      `${provider.baseURL}${path}`,
      {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        ...(agent && { agent }),
      },
      (response) => {
        status = response.statusCode
        received = response.headers
        let length = 0
        if (abortAfterBytes === 0) leave()
        response.on('data', (chunk: Buffer) => {
          chunks.push(chunk)
          length += chunk.length
          if (abortAfterBytes !== undefined && length >= abortAfterBytes) leave()
        })
        response.on('end', () => finish('whole'))
        response.on('error', finishWith)
      },
    )
    request.on('error', finishWith)
    request.end(typeof body === 'string' ? body : JSON.stringify(body))
    if (patienceMs !== undefined) void loseInterest(patienceMs)

    async function loseInterest(ms: number) {
      while (provider.counts().inFlight === 0 && !finished) await setTimeout(1)
      let before
      do {
        before = `${status} ${chunks.length}`
        // Counted in turns, so that a machine that was busy for the whole time does not look like a silent connection.
        for (let turn = 0; turn < ms; turn++) await setTimeout(1)
      } while (before !== `${status} ${chunks.length}`)
      leave()
    }

    function leave() {
      gone = true
      request.destroy()
    }

    function finishWith(error: NodeJS.ErrnoException) {
      finish(gone ? 'gone' : (error.code ?? error.name))
    }

    function finish(ended: string) {
      finished = true
      const bytes = Buffer.concat(chunks)
      const pieces = chunks.map((chunk) => chunk.length)
      resolve({ status, headers: received, body: bytes.toString(), bytes, pieces, ended })
    }
  })
}

export const chatBody = { model: 'gpt-4', messages: [{ role: 'user', content: 'What is a harbour? 港' }] }
const chatStreamBody = { ...chatBody, stream: true }

export function chat(provider: SimulatedProvider, options?: WireOptions): Promise<WireAnswer> {
  return post(provider, '/chat/completions', chatBody, options)
}

export function chatStream(provider: SimulatedProvider, options?: WireOptions): Promise<WireAnswer> {
  return post(provider, '/chat/completions', chatStreamBody, options)
}

/** The data of each event of a stream's body. */
export function eventsOf(body: string): string[] {
  return body
    .split(/\r?\n\r?\n/)
    .filter((event) => event.startsWith('data: ') || event.startsWith('event: '))
    .map((event) => event.slice(event.indexOf('data: ') + 6))
}
