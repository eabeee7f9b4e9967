import { request as httpRequest, Agent, type IncomingHttpHeaders } from 'node:http'
import { setTimeout } from 'node:timers/promises'
import type { SimulatedProvider } from '../src/index.ts'

/** What came back for a request, byte for byte, and how the connection ended. */
export interface WireAnswer {
  status: number | undefined
  headers: IncomingHttpHeaders
  body: string
  bytes: Buffer
  /** The sizes of the pieces in which the body arrived. */
  pieces: number[]
  /** 'whole' if the body came to its end, 'gone' if the client went away; else the error's code. */
  ended: string
}

export interface WireOptions {
  agent?: Agent | undefined
  headers?: Record<string, string> | undefined
  /** Goes away when so many bytes of the body have come; 0 for the headers. */
  abortAfterBytes?: number | undefined
  /** Goes away when, the request being in flight, nothing has come for so many turns of at least a millisecond. */
  patienceMs?: number | undefined
}

/** Sends a JSON body as plain node:http does it, without anything that repairs, decodes or retries. */
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
        // Turn by turn: a machine that stood still for the whole of it must not pass for a wire on which nothing came.
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
