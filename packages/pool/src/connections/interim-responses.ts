import type { Socket } from 'node:net'

const [ZERO, ONE, TWO, LF, CR] = [48, 49, 50, 10, 13]
/** The index of the status in `HTTP/1.1 200 OK`. */
const STATUS_AT = 9

/**
 * Accepts an unrequested `100 Continue`, as RFC 9110 (section 15.2) demands of every client. undici closes the connection in that case, but
 * ignores other interim responses, so this one is changed to `102` before undici reads it.
 */
export class InterimResponses {
  /** In a status line; in the rest of an interim head; or past the heads, where bytes are not inspected. */
  #state: 'status' | 'interim' | 'passed' = 'passed'
  #at = 0
  #isTen = false

  /** Call it when a request is sent: the next bytes are a status line. */
  expectHead(): void {
    this.#state = 'status'
    this.#at = 0
  }

  /** Inspects what is read from the socket, before undici gets it. */
  watch(socket: Socket): void {
    const read = socket.read.bind(socket)
    socket.read = (size?: number): unknown => {
      const chunk = read(size) as Buffer | null
      if (chunk !== null && this.#state !== 'passed') this.#pass(chunk)
      return chunk
    }
  }

  #pass(chunk: Buffer): void {
    for (let index = 0; index < chunk.length && this.#state !== 'passed'; index++) {
      const byte = chunk[index]
      if (this.#state === 'interim') this.#passHead(byte)
      else if (this.#passStatus(byte)) chunk[index] = TWO
    }
  }

  /** @returns true at the last digit of `100` */
  #passStatus(byte: number | undefined): boolean {
    const place = this.#at++ - STATUS_AT
    if (place === 0 && byte !== ONE) this.#state = 'passed'
    if (place === 1) this.#isTen = byte === ZERO
    if (place !== 2) return false
    this.#state = 'interim'
    this.#at = 1
    return this.#isTen && byte === ZERO
  }

  /** A blank line ends the head. `#at` counts the characters of the current line. */
  #passHead(byte: number | undefined): void {
    if (byte === LF && this.#at === 0) this.expectHead()
    else if (byte === LF) this.#at = 0
    else if (byte !== CR) this.#at++
  }
}
