import { Buffer } from 'node:buffer'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setImmediate } from 'node:timers'
import { MAX_TIMER_MS } from '@harbor/parts'
import { Listener } from '../listener.ts'
import {
  checkObject,
  type Fields,
  flag,
  number,
  oneOf,
  required,
  text,
  wholeNumber,
} from '../script/check-fields.ts'
import { MAX_BODY_BYTES } from './decoded-chunks.ts'
import type { Exchange } from './exchange.ts'
import { plainError } from './plain-error.ts'
import { Playlist } from './playlist.ts'
import { readRequest } from './read-request.ts'
import { REDACTED } from './redaction/headers.ts'
import { readTraffic } from './traffic-file.ts'
import { forwardedHeaders } from './upstream.ts'

/** Options of `replayTraffic`. Only `from` is required. */
export interface ReplayOptions {
  /** The file to play, which `recordTraffic()` has written. */
  from: string
  /**
   * How the recording for a request is chosen. `'request'`: the first recording with the same method, path, query and body that was not played yet.
   * `'order'`: the next recording in the file; it must have the same method, path and model. @default 'request'
   */
  match?: 'request' | 'order' | undefined
  /**
   * Whether recordings are played again. With `match: 'order'`, the file starts again after its last recording. With `'request'`, the last
   * recording that matches a request is played again. Without `repeat`, further requests get a 404. @default false
   */
  repeat?: boolean | undefined
  /**
   * The speed relative to the recording, above 0: 1 sends chunks at the recorded times, 10 ten times as fast, Infinity without waiting. @default
   * Infinity
   */
  speed?: number | undefined
  /** The port of the server. 0 lets the system choose. @default 0 */
  port?: number | undefined
}

/** A server that answers requests with recordings. Returned by `replayTraffic`. */
export interface TrafficReplay extends AsyncDisposable {
  /** The root URL: `http://127.0.0.1:PORT`. The base URL for an SDK also has the path of the recorded provider, such as `/v1`. */
  readonly url: string
  /** Returns the requests of recordings that were not played, in the order of the file. */
  unused(): readonly Exchange['request'][]
  /** Returns the messages of the 404s that requests without a recording got. At most 1,000 messages are stored. */
  unmatched(): readonly string[]
  /** Makes all recordings available again, and clears `unmatched()`. */
  reset(): void
  /** Ends all connections and stops listening. */
  close(): Promise<void>
}

/** The maximum number of messages that `unmatched()` returns. */
const MAX_UNMATCHED = 1_000

/**
 * Starts a server on 127.0.0.1 that answers requests with recorded answers. Bodies are sent byte for byte. A request without a recording gets a 404
 * that says what was expected.
 *
 * @throws TypeError if an option is wrong, or if the file contains anything other than recorded exchanges; the system's error if the file cannot be
 * read or the port is taken
 */
export async function replayTraffic(options: ReplayOptions): Promise<TrafficReplay> {
  checkObject(options, fields, 'options')
  const { from, match = 'request', repeat = false, speed = Infinity, port = 0 } = options
  const playlist = new Playlist(readTraffic(from), { match, repeat })
  const unmatched: string[] = []

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readRequest(request, MAX_BODY_BYTES)
    if (body === undefined) return
    const { method = '', url = '', headers } = request
    const [path = '', query = ''] = url.split(/\?(.*)/s, 2)
    const found =
      body === 'too large'
        ? `requests of more than ${MAX_BODY_BYTES} bytes are not recorded`
        : playlist.take({ method, path, query, contentType: headers['content-type'] ?? '', body })
    if (typeof found !== 'string') {
      play(found, response, speed)
      return
    }
    if (unmatched.length < MAX_UNMATCHED) unmatched.push(found)
    plainError(response, 404, found)
  }

  const listener = new Listener({
    connection: () => undefined,
    request: (request, response) => void answer(request, response),
  })
  await listener.up(port)
  const close = () => listener.down()
  return {
    url: `http://127.0.0.1:${listener.port}`,
    unused: () => playlist.unused().map(({ request }) => request),
    unmatched: () => [...unmatched],
    reset: () => {
      playlist.reset()
      unmatched.length = 0
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

function play({ response: recorded }: Exchange, response: ServerResponse, speed: number): void {
  const { status, headers, headersAfterMs, chunks, ending } = recorded
  const pieces = chunks.map(([ms, content, encoding]) => ({
    ms,
    bytes: Buffer.from(content, encoding ?? 'utf8'),
  }))
  const dueAt = (ms: number) => startedAt + (headersAfterMs + ms) / speed
  const startedAt = performance.now()
  let timer: NodeJS.Timeout | undefined
  response.once('close', () => clearTimeout(timer))
  let next = 0

  wait(startedAt + headersAfterMs / speed, () => {
    response.writeHead(status, headersOf(headers, pieces, ending))
    response.flushHeaders()
    step()
  })

  function step(): void {
    const piece = pieces[next++]
    if (piece) {
      wait(dueAt(piece.ms), () => {
        response.write(piece.bytes)
        step()
      })
    } else if (ending === 'whole') response.end()
    // The callback of an empty write comes when everything before it has been sent.
    else response.socket?.write('', () => response.socket?.destroy())
  }

  /** Calls `then` at the time `at`, but never in the same turn of the event loop, so that each chunk arrives separately. */
  function wait(at: number, then: () => void): void {
    const ms = at - performance.now()
    const unlessGone = () => {
      if (!response.destroyed) then()
    }
    if (ms > 0) timer = setTimeout(unlessGone, Math.min(ms, MAX_TIMER_MS))
    else setImmediate(unlessGone)
  }
}

/** Returns the recorded headers that are sent again. Redacted headers and those of the recorded connection are left out. */
export function headersOf(
  headers: Exchange['response']['headers'],
  pieces: readonly { bytes: Buffer }[],
  ending: 'whole' | 'cut',
): string[] {
  const kept = headers.filter(([, value]) => value !== REDACTED)
  const others = forwardedHeaders(kept.flat(), ['content-length', 'content-encoding', 'date'])
  const hadLength = kept.some(([name]) => name === 'content-length')
  const length = pieces.reduce((sum, { bytes }) => sum + bytes.length, 0)
  return hadLength && ending === 'whole' ? [...others, 'content-length', String(length)] : others
}

const fields: Fields<ReplayOptions> = {
  from: required(text),
  match: oneOf(['request', 'order']),
  repeat: flag,
  speed: number(Number.MIN_VALUE),
  port: wholeNumber(0, 65_535),
}
