import type { Socket } from 'node:net'

const [ZERO, ONE, TWO, LF, CR] = [48, 49, 50, 10, 13]
/** The index of the status code in a status line such as `HTTP/1.1 200 OK`. */
const STATUS_AT = 9

/**
 * Makes undici ignore a `100 Continue` that it did not request. RFC 9110 (section 15.2) demands this of every client, but undici would
 * close the connection. Because undici ignores other interim responses, this class changes the status `100` to `102` before undici reads
 * it.
 */
export class InterimResponses {
  /**
   * The part of the response that the next byte belongs to: a status line, the rest of an interim head, or anything after that (`done`),
   * which is not inspected.
   */
  #state: 'status' | 'interim' | 'done' = 'done'
  /** In a status line: the index of the next byte. In the rest of an interim head: the number of characters read in the current line. */
  #index = 0
  /** Whether the first two digits of the status code are `10`. */
  #beginsWithTen = false

  /** Starts the inspection: the next byte must be the first of a status line. Call it when a request is sent. */
  expectHead(): void {
    this.#state = 'status'
    this.#index = 0
  }

  /** Replaces `read()` of the socket, so that every chunk is inspected before undici gets it. */
  watch(socket: Socket): void {
    const read = socket.read.bind(socket)
    socket.read = (size?: number): unknown => {
      const chunk = read(size) as Buffer | null
      if (chunk !== null && this.#state !== 'done') this.#inspect(chunk)
      return chunk
    }
  }

  #inspect(chunk: Buffer): void {
    for (let index = 0; index < chunk.length && this.#state !== 'done'; index++) {
      const byte = chunk[index]
      if (this.#state === 'interim') this.#readHead(byte)
      else if (this.#readStatusLine(byte)) chunk[index] = TWO
    }
  }

  /** Reads one byte of a status line. @returns true if the byte is the last digit of the status `100` */
  #readStatusLine(byte: number | undefined): boolean {
    const place = this.#index++ - STATUS_AT
    if (place === 0 && byte !== ONE) this.#state = 'done'
    if (place === 1) this.#beginsWithTen = byte === ZERO
    if (place !== 2) return false
    this.#state = 'interim'
    this.#index = 1
    return this.#beginsWithTen && byte === ZERO
  }

  /** Reads one byte of an interim head, after its status line. After a blank line, the next status line is expected. */
  #readHead(byte: number | undefined): void {
    if (byte === LF && this.#index === 0) this.expectHead()
    else if (byte === LF) this.#index = 0
    else if (byte !== CR) this.#index++
  }
}
