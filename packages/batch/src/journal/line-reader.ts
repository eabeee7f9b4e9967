import type { FileHandle } from 'node:fs/promises'

const WINDOW_BYTES = 64 * 1024
const LINE_FEED = 0x0a

/** Reads single lines at any offset of a file. Reads at least 64 KiB at a time, so that neighbouring lines share one read. */
export class LineReader {
  readonly #file: FileHandle
  #window = new Uint8Array(0)
  #windowAt = 0

  constructor(file: FileHandle) {
    this.#file = file
  }

  /**
   * Reads the line that begins at an offset.
   *
   * @returns the line without its line feed; if it has none, everything up to the end of the file
   */
  async read(at: number): Promise<Uint8Array> {
    for (let bytes = WINDOW_BYTES; ; bytes *= 4) {
      const line = this.#lineIn(this.#window, at - this.#windowAt)
      if (line) return line
      // Each read has a buffer of its own: other reads may be in progress.
      const window = new Uint8Array(bytes)
      const { bytesRead } = await this.#file.read(window, 0, bytes, at)
      this.#window = window.subarray(0, bytesRead)
      this.#windowAt = at
      if (bytesRead < bytes) return this.#lineIn(this.#window, 0) ?? this.#window
    }
  }

  #lineIn(window: Uint8Array, at: number): Uint8Array | undefined {
    if (at < 0 || at >= window.length) return undefined
    const end = window.indexOf(LINE_FEED, at)
    return end === -1 ? undefined : window.subarray(at, end)
  }
}
