import type { Body } from './reader.ts'

/** An answer that was given as text: whoever knows takes the text, and everybody else reads its bytes. */
export class WholeText implements Body {
  readonly text: string
  #over = false

  constructor(text: string) {
    this.text = text
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#over || this.text === '') return this.return()
    this.#over = true
    return { done: false, value: new TextEncoder().encode(this.text) }
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.cancel()
    return { done: true, value: undefined }
  }

  cancel(): void {
    this.#over = true
  }
}
