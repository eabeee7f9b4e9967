import type { Socket } from 'node:net'

const [ZERO, ONE, TWO, LF, CR] = [48, 49, 50, 10, 13]
/** The index of the status code in a status line such as `HTTP/1.1 200 OK`. */
const STATUS_AT = 9

/**
 * Makes undici ignore a `100 Continue` that it did not request, as RFC 9110 (section 15.2) demands of every client. undici would close the
 * connection, but it ignores other interim responses, so the status `100` is changed to `102` before undici reads it.
 */
export class InterimResponses {
  /** The part that the next byte belongs to: a status line, the rest of an interim head, or anything later, which is not inspected. */
  #state: 'status' | 'interim' | 'done' = 'done'
  /** The index of the next byte in the status line; in the rest of a head, the number of characters of the current line. */
  #index = 0
  /** Whether the first two digits of the status code are `10`. */
  #beginsWithTen = false

  /** Begins to inspect: the next byte is the first of a status line. Call it when a request is sent. */
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

  /** Reads one byte of an interim head after its status line. A blank line ends the head. */
  #readHead(byte: number | undefined): void {
    if (byte === LF && this.#index === 0) this.expectHead()
    else if (byte === LF) this.#index = 0
    else if (byte !== CR) this.#index++
  }
}
