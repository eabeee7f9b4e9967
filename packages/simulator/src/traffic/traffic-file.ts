import {
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
  writeSync,
} from 'node:fs'
import { type Exchange, parseExchange } from './exchange.ts'

/** A file of recorded exchanges, to which more can be appended. */
export class TrafficFile {
  readonly #descriptor: number

  /**
   * Opens a file, or creates one that only its owner can read. A last line that a crash left incomplete is removed.
   *
   * @throws TypeError if the file holds anything else than recorded exchanges; the system's error if it cannot be opened
   */
  constructor(path: string) {
    if (existsSync(path)) readTraffic(path)
    this.#descriptor = openSync(path, 'a+', 0o600)
    const { size } = fstatSync(this.#descriptor)
    const end = endOfLastLine(this.#descriptor, size)
    if (end < size) ftruncateSync(this.#descriptor, end)
  }

  /**
   * Appends an exchange as one line. When this returns, the line is in the file: a client that has received the whole answer can read it
   * there.
   */
  append(exchange: Exchange): void {
    const line = Buffer.from(`${JSON.stringify(exchange)}\n`)
    const { size } = fstatSync(this.#descriptor)
    try {
      for (let at = 0; at < line.length;) at += writeSync(this.#descriptor, line, at)
    } catch (error) {
      // A full disk: what was written of the line is removed.
      ftruncateSync(this.#descriptor, size)
      throw error
    }
  }

  close(): void {
    closeSync(this.#descriptor)
  }
}

/**
 * Reads the exchanges of a file. A last line without a line end was left by a crash, and is ignored.
 *
 * @throws TypeError if a line is not an exchange; the system's error if the file cannot be read
 */
export function readTraffic(path: string): Exchange[] {
  const lines = readFileSync(path, 'utf8').split('\n')
  return lines.slice(0, -1).map((line, index) => {
    const exchange = parseExchange(line)
    if (exchange) return exchange
    throw new TypeError(
      `${path}:${index + 1} is not a recorded exchange of version 1; is it a file that recordTraffic() wrote?`,
    )
  })
}

const STEP_BYTES = 64 * 1024

/** Returns the number of bytes up to the end of the last whole line. */
function endOfLastLine(descriptor: number, size: number): number {
  const buffer = Buffer.alloc(STEP_BYTES)
  for (let end = size; end > 0;) {
    const start = Math.max(0, end - STEP_BYTES)
    const read = readSync(descriptor, buffer, 0, end - start, start)
    const at = buffer.subarray(0, read).lastIndexOf(10)
    if (at >= 0) return start + at + 1
    end = start
  }
  return 0
}
