import type { Writable } from 'node:stream'

/** A stream whose reader may leave at any time: what is written then goes nowhere. */
export interface CourtesyStream {
  write(text: string): void
}

/**
 * Progress and notes are a courtesy: a reader that leaves (`| head -1`), a terminal that is closed or a full disk behind a redirection ends no run that
 * is paid for.
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
