import type { Writable } from 'node:stream'

/** A stream for output that may be lost. If its reader closes it, later writes are discarded without an error. */
export interface CourtesyStream {
  write(text: string): void
}

/**
 * Wraps a stream for progress and notes. Errors of the stream are ignored, because a run that costs money must not end
 * when a reader leaves (`| head -1`), a terminal closes or a disk is full.
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
