import { Buffer } from 'node:buffer'
import type { FaultOf } from '../script/fault.ts'
import { headersOf } from './replay.ts'
import { readTraffic } from './traffic-file.ts'

/**
 * Reads a file that `recordTraffic()` has written, and returns its answers as faults: `provider.fail(...recordedAnswers(path))`. The next calls then
 * get these answers, one per call, in the order of the file. Requests are not compared. Bodies are sent byte for byte, chunk by chunk, without the
 * recorded pauses.
 *
 * @param from the path of the file
 * @throws TypeError if the file contains anything other than recorded exchanges; the system's error if it cannot be read
 */
export function recordedAnswers(from: string): FaultOf<'raw'>[] {
  return readTraffic(from).map(({ response: { status, headers, chunks, ending } }) => {
    const pieces = chunks.map(([, content, encoding]) => ({
      bytes: Buffer.from(content, encoding ?? 'utf8'),
    }))
    return {
      type: 'raw',
      status,
      headers: grouped(headersOf(headers, pieces, ending)),
      body: pieces.map(({ bytes }) => bytes.toString('base64')),
      encoding: 'base64',
      ending: ending === 'whole' ? 'end' : 'close',
    }
  })
}

/** Groups the values of each header, given as name, value, name, value … */
function grouped(flat: readonly string[]): Record<string, string[]> {
  const values: Record<string, string[]> = {}
  for (let at = 0; at + 1 < flat.length; at += 2) {
    const name = flat[at] ?? ''
    values[name] = [...(values[name] ?? []), flat[at + 1] ?? '']
  }
  return values
}
