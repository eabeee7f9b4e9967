import type { Writable } from 'node:stream'

/** A stream whose reader may leave at any time: later writes are discarded. */
export interface CourtesyStream {
  write(text: string): void
}

/**
 * Wraps a stream for progress and notes, which are optional: a reader that leaves (`| head -1`), a closed terminal or a
 * full disk behind a redirection must not end a paid run.
 */
export function courtesyStream(stream: Writable): CourtesyStream {
  let isGone = false
  // Without a listener the error would end the process.
  stream.on('error', () => {
    isGone = true
  })
  return {
    write(text) {
      if (!isGone && stream.writable) stream.write(text)
    },
  }
}
