import type { Writable } from 'node:stream'
import type { AnswerSink } from './answer-sink.ts'

/** The error if the reader of standard output has closed it, so that the remaining answers cannot be written. */
class OutputClosedError extends Error {
  override readonly name = 'OutputClosedError'

  constructor(cause: unknown) {
    super('standard output was closed before all answers were written.', { cause })
  }
}

/** Writes answers to standard output as they come, for `--out -`. */
export class StandardOutput implements AnswerSink {
  isBegun = false
  readonly #stream: Writable
  #failure: Error | undefined

  constructor(stream: Writable) {
    this.#stream = stream
    stream.on('error', (error: Error) => (this.#failure = error))
  }

  async write(line: string): Promise<void> {
    if (this.#failure || !this.#stream.writable) throw new OutputClosedError(this.#failure)
    this.isBegun = true
    await new Promise<void>((resolve, reject) => {
      this.#stream.write(line, (error) => {
        if (error) reject(new OutputClosedError(error))
        else resolve()
      })
    })
  }

  async finish(): Promise<void> {
    // Nothing to do: the process writes its remaining output before it ends.
  }

  async leave(): Promise<void> {
    // Nothing to do: the reader already has the answers that were written.
  }
}
