import zlib from 'node:zlib'
import type { Answer } from './answers/answer.ts'
import type { Call } from './call.ts'
import { sampleLatency } from './latency.ts'

/** How an answer is written. Every field is optional. */
export interface Delivery {
  /** The pieces of the body (one per event of a stream), in place of those of the answer. */
  frames?: readonly string[]
  /** What happens after the last frame. `'stall'`: the connection stays open, and nothing more is sent. */
  ending?: 'end' | 'close' | 'reset' | 'stall'
  /** The pauses before the first frames, in milliseconds, one per frame. The frames after them have the pauses of the script. */
  pauses?: readonly number[]
  /**
   * Splits the body into packets of `bytes` bytes. One is written every `everyMs` milliseconds; if that is 0, in every turn of the event
   * loop.
   */
  packets?: { bytes: number; everyMs: number }
  encoding?: Encoding
}

type Encoding = 'gzip' | 'br' | 'deflate' | 'zstd'

/** Writes an answer after the `latency` of the script, and with the script's pauses between events. */
export function deliver(call: Call, answer: Answer, delivery: Delivery = {}): void {
  const { latency } = call.script
  if (latency === undefined || call.isRefused) write(call, answer, delivery)
  else call.wait(sampleLatency(latency, call.random), () => write(call, answer, delivery))
}

function write(call: Call, answer: Answer, delivery: Delivery): void {
  const { frames = answer.frames, ending = 'end', packets, encoding } = delivery
  const delay = pace(call, answer, delivery.pauses)
  if (call.endedEarly) {
    writeHead(call, answer)
    call.response.end()
  } else if (packets) writePackets(call, answer, frames, packets)
  else if (encoding) writeEncoded(call, answer, frames, encoding, delay)
  else if (delay || ending !== 'end') writeFrames(call, answer, frames, ending, delay)
  else writeWhole(call, answer, frames)
}

/** A function that returns the pause before the frame with this index, in milliseconds. */
type Pace = (index: number) => number

/** Returns the pauses before the frames; undefined if there are none. */
function pace(
  { script, random, clock }: Call,
  { stream, dueAt }: Answer,
  pauses: readonly number[] = [],
): Pace | undefined {
  if (dueAt) return scheduled(dueAt, pauses, clock.now())
  const { firstTokenMs = 0, tokenMs = 0 } = script
  const paced = stream && (firstTokenMs !== 0 || tokenMs !== 0)
  if (!paced) return pauses.length > 0 ? (index) => pauses[index] ?? 0 : undefined
  return (index) => pauses[index] ?? sampleLatency(index === 0 ? firstTokenMs : tokenMs, random)
}

/** Returns the pauses before frames that each have a due time. Frames that are overdue have no pause. */
function scheduled(dueAt: readonly number[], pauses: readonly number[], now: number): Pace {
  const waitFor = (index: number) => Math.max(now, dueAt[index] ?? now)
  return (index) => pauses[index] ?? waitFor(index) - (index === 0 ? now : waitFor(index - 1))
}

function writeHead(call: Call, answer: Answer, more: readonly string[] = []): void {
  call.journal.status(answer.status)
  call.bill(answer, 0)
  call.response.writeHead(answer.status, [
    'content-type',
    answer.contentType,
    ...call.wire.headers(call.request, call.elapsedMs),
    ...headersWithout(call.headers, answer.headers),
    ...answer.headers,
    ...more,
  ])
}

/** Returns the `headers` whose names are not among the `others`. Both are lists of name, value, name, value … */
function headersWithout(headers: readonly string[], others: readonly string[]): readonly string[] {
  if (headers.length === 0 || others.length === 0) return headers
  return headers.filter((_, index) => !others.includes(headers[index - (index % 2)] ?? ''))
}

/** Writes the whole answer at once. This is the fast path for an answer without pauses. */
function writeWhole(call: Call, answer: Answer, frames: readonly string[]): void {
  const body = frames.length === 1 ? (frames[0] ?? '') : frames.join('')
  writeHead(call, answer, answer.stream ? [] : ['content-length', String(Buffer.byteLength(body))])
  call.bill(answer, 1)
  call.response.end(body)
}

function writeFrames(
  call: Call,
  answer: Answer,
  frames: readonly string[],
  ending: NonNullable<Delivery['ending']>,
  delay: Pace | undefined,
): void {
  writeHead(call, answer)
  call.response.flushHeaders()
  pump(call, frames, delay, (batch, written) => {
    call.bill(answer, written / Math.max(1, answer.frames.length))
    if (batch !== '') call.response.write(batch)
    if (written === frames.length) end(call, ending)
  })
}

function end(call: Call, ending: NonNullable<Delivery['ending']>): void {
  if (ending === 'end') call.response.end()
  // The callback of an empty write comes when everything before it has been sent, so the client gets every byte.
  else if (ending !== 'stall') call.response.socket?.write('', () => call.kill(ending))
}

function writeEncoded(
  call: Call,
  answer: Answer,
  frames: readonly string[],
  encoding: Encoding,
  delay: Pace | undefined,
): void {
  writeHead(call, answer, ['content-encoding', encoding])
  const encoder = encoders[encoding]()
  encoder.pipe(call.response)
  call.response.once('close', () => encoder.destroy())
  pump(call, frames, delay, (batch, written) => {
    call.bill(answer, written / Math.max(1, frames.length))
    encoder.write(batch)
    if (written === frames.length) encoder.end()
    else encoder.flush()
  })
}

const encoders = {
  gzip: () => zlib.createGzip(),
  br: () => zlib.createBrotliCompress({ params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 } }),
  deflate: () => zlib.createDeflate(),
  zstd: () => zlib.createZstdCompress(),
}

/** Passes frames to `onBatch` when they are due, together if they are due within a millisecond. One timer serves the whole stream. */
function pump(
  call: Call,
  frames: readonly string[],
  delay: Pace = () => 0,
  onBatch: (batch: string, written: number) => void,
): void {
  let next = 0
  let due = call.clock.now() + (frames.length > 0 ? delay(0) : 0)
  function step() {
    const now = call.clock.now()
    let batch = ''
    while (next < frames.length && due <= now) {
      batch += frames[next++] ?? ''
      if (next < frames.length) due += delay(next)
    }
    if (batch !== '' || next === frames.length) onBatch(batch, next)
    if (next < frames.length) call.wait(Math.max(1, due - now), step)
  }
  step()
}

function writePackets(
  call: Call,
  answer: Answer,
  frames: readonly string[],
  { bytes, everyMs }: NonNullable<Delivery['packets']>,
): void {
  const body = Buffer.from(frames.join(''))
  writeHead(call, answer, answer.stream ? [] : ['content-length', String(body.length)])
  call.response.flushHeaders()
  let written = 0
  function step() {
    call.response.write(body.subarray(written, (written += bytes)))
    call.bill(answer, written / body.length)
    if (written >= body.length) call.response.end()
    else if (everyMs > 0) call.wait(everyMs, step)
    else call.nextTurn(step)
  }
  step()
}
