import type { Socket } from 'node:net'

const [ZERO, ONE, TWO, LF, CR] = [48, 49, 50, 10, 13]
/** Where the status stands in `HTTP/1.1 200 OK`. */
const STATUS_AT = 9

/**
 * Lets a server send `100 Continue` to a request that did not ask for it, which RFC 9110 (section 15.2) has every client accept. undici
 * closes the connection instead, but passes over other interim answers: so this one is read as `102`.
 */
export class InterimAnswers {
  /** Within a status line; within the rest of an interim head; or past both, where nothing is looked at. */
  #state: 'status' | 'interim' | 'passed' = 'passed'
  #at = 0
  #isTen = false

  /** A request is sent: the next bytes are a status line. */
  expectHead(): void {
    this.#state = 'status'
    this.#at = 0
  }

  /** Looks at what is read from the socket, before undici does. */
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

  /** @returns true for the last digit of 100 */
  #passStatus(byte: number | undefined): boolean {
    const place = this.#at++ - STATUS_AT
    if (place === 0 && byte !== ONE) this.#state = 'passed'
    if (place === 1) this.#isTen = byte === ZERO
    if (place !== 2) return false
    this.#state = 'interim'
    this.#at = 1
    return this.#isTen && byte === ZERO
  }

  /** A blank line ends the head. `#at` counts the characters of the present line. */
  #passHead(byte: number | undefined): void {
    if (byte === LF && this.#at === 0) this.expectHead()
    else if (byte === LF) this.#at = 0
    else if (byte !== CR) this.#at++
  }
}
