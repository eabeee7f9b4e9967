import type { IncomingMessage, ServerResponse } from 'node:http'
import { Listener } from '../listener.ts'
import { decodedChunks, MAX_BODY_BYTES, type TimedBytes } from './decoded-chunks.ts'
import { isExchange } from './exchange.ts'
import { makeExchange, type RawExchange } from './make-exchange.ts'
import { plainError } from './plain-error.ts'
import { type RecordOptions, readRecordOptions } from './record-options.ts'
import { readRequest } from './read-request.ts'
import { TrafficFile } from './traffic-file.ts'
import { forward, forwardedHeaders } from './upstream.ts'

/** What a recorder has done so far. An exchange is a request with its answer. */
export interface RecordCounts {
  /** The number of exchanges that were appended to the file. */
  recorded: number
  /**
   * The number of exchanges that are not in the file because the client disconnected, the upstream could not be reached or closed the connection
   * without an answer, or the recorder was closed.
   */
  unfinished: number
  /**
   * The number of exchanges that could not be stored: too large, in an unknown encoding, refused by `redact`, or the file was not writable.
   */
  failed: number
}

/** A running recorder: a proxy on 127.0.0.1 that stores the exchanges it forwards. Returned by `recordTraffic`. */
export interface TrafficRecorder extends AsyncDisposable {
  /** The root URL of the recorder, without a path: `http://127.0.0.1:PORT`. SDKs need `baseURL`. */
  readonly url: string
  /** The base URL to use in place of the upstream's: `http://127.0.0.1:PORT/v1` for `https://api.openai.com/v1`. */
  readonly baseURL: string
  /** Returns what was recorded so far. */
  counts(): RecordCounts
  /**
   * Ends all connections, and closes the file. @throws Error if at least one exchange could not be stored; its `cause` is the error of the first one
   */
  close(): Promise<void>
}

/**
 * Starts a proxy on 127.0.0.1 that forwards requests to a provider, and appends each request with its answer to a file. API keys are never stored;
 * prompts and answers are stored only if the options say so.
 *
 * @throws TypeError if an option is wrong, or if the file contains anything other than recorded exchanges; the system's error if the port is taken or
 * the file cannot be written
 */
export async function recordTraffic(options: RecordOptions): Promise<TrafficRecorder> {
  const { upstream, to, port, choices, redact } = readRecordOptions(options)
  const file = new TrafficFile(to)
  const counts: RecordCounts = { recorded: 0, unfinished: 0, failed: 0 }
  let firstError: unknown
  let closed = false

  const listener = new Listener({
    connection: () => undefined,
    request: (request, response) => void record(request, response),
  })
  try {
    await listener.up(port)
  } catch (error) {
    file.close()
    throw error
  }
  const url = `http://127.0.0.1:${listener.port}`

  async function record(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const atMs = Date.now()
    const startedAt = performance.now()
    const body = await readRequest(request, MAX_BODY_BYTES)
    if (body === undefined) {
      counts.unfinished++
      return
    }
    if (body === 'too large') {
      counts.failed++
      plainError(response, 413, `the recorder forwards requests of at most ${MAX_BODY_BYTES} bytes`)
      return
    }
    const { method = '', url: target = '', rawHeaders, headers } = request
    const [path = '', query = ''] = target.split(/\?(.*)/s, 2)
    const sent = {
      method,
      path,
      query,
      contentType: headers['content-type'] ?? '',
      body,
      headers: rawHeaders,
    }
    const call = forward(upstream, { method, url: target, headers: rawHeaders, body }, (answer) => {
      const headersAt = performance.now()
      const chunks: TimedBytes[] = []
      let bytes = 0
      response.writeHead(
        answer.statusCode ?? 502,
        answer.statusMessage ?? '',
        forwardedHeaders(answer.rawHeaders),
      )
      response.flushHeaders()
      answer.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        if (bytes <= MAX_BODY_BYTES) chunks.push({ ms: performance.now() - headersAt, bytes: chunk })
        if (!response.write(chunk)) answer.pause()
      })
      response.on('drain', () => answer.resume())
      const finish = (ending: 'whole' | 'cut') => {
        // The client left, or the recorder closes: what there is of the answer says nothing about the upstream.
        if (response.destroyed || closed) {
          counts.unfinished++
          return
        }
        store({
          atMs,
          request: sent,
          response: {
            status: answer.statusCode ?? 502,
            headers: answer.rawHeaders,
            headersAfterMs: headersAt - startedAt,
            contentType: answer.headers['content-type'] ?? '',
            chunks:
              bytes > MAX_BODY_BYTES ? undefined : decodedChunks(chunks, answer.headers['content-encoding']),
            ending,
          },
        })
        // After the line is in the file, so that a client that has the whole answer can read it there.
        if (ending === 'whole') response.end()
        else response.socket?.destroySoon()
      }
      answer.once('end', () => finish('whole'))
      answer.once('error', () => finish('cut'))
    })
    call.once('error', (error: NodeJS.ErrnoException) => {
      if (response.headersSent) return
      counts.unfinished++
      if (response.destroyed) return
      // The upstream closed the connection without an answer, and so does the recorder.
      if (error.code === 'ECONNRESET') response.socket?.destroy()
      else
        plainError(
          response,
          502,
          `the upstream ${upstream.origin} cannot be reached: ${error.code ?? error.name}`,
        )
    })
    response.once('close', () => {
      if (!response.writableFinished) call.destroy()
    })
  }

  type Answered = Omit<RawExchange, 'response'> & {
    response: Omit<RawExchange['response'], 'chunks'> & { chunks: readonly TimedBytes[] | undefined }
  }

  function store({ response, ...rest }: Answered): void {
    try {
      const { chunks, ...head } = response
      if (chunks === undefined) throw new Error('its body is too large, or cannot be decoded')
      const exchange = makeExchange({ ...rest, response: { ...head, chunks } }, choices)
      const stored = redact ? redact(exchange) : exchange
      if (!isExchange(stored)) throw new TypeError('redact() must return an exchange')
      file.append(stored)
      counts.recorded++
    } catch (error) {
      counts.failed++
      if (firstError !== undefined) return
      firstError = new Error('an exchange was not recorded', { cause: error })
      process.emitWarning(
        'An exchange was not recorded; close() rejects with the reason.',
        'HarborSimulatorWarning',
      )
    }
  }

  const close = async () => {
    if (closed) return
    closed = true
    await listener.down()
    file.close()
    if (firstError !== undefined) throw firstError as Error
  }
  return {
    url,
    baseURL: url + upstream.pathname.replace(/\/+$/, ''),
    counts: () => ({ ...counts }),
    close,
    [Symbol.asyncDispose]: close,
  }
}
