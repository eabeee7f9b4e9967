import fc from 'fast-check'

/** How one connection of a stream ends, by shares of what is left of the stream. */
export interface RandomCut {
  /** The share of the remaining bytes that arrives, from 0 to 1. */
  readonly share: number
  readonly end: 'error' | 'clean'
  /** The size of the chunks in which the bytes arrive. */
  readonly chunkBytes: number
  /** The number of events before the requested ones that the server sends again. */
  readonly replays: number
}

export const randomCuts: fc.Arbitrary<readonly RandomCut[]> = fc.array(
  fc.record({
    share: fc.integer({ min: 0, max: 1_000 }).map((thousandths) => thousandths / 1_000),
    end: fc.constantFrom('error', 'clean'),
    chunkBytes: fc.constantFrom(3, 7, 64, 1_000, 100_000),
    replays: fc.constantFrom(0, 0, 0, 1, 3),
  }),
  { minLength: 1, maxLength: 5 },
)

/** Makes a response whose body has these bytes, in chunks, and then breaks or ends cleanly. */
export function brokenResponse(
  bytes: Uint8Array,
  { end, chunkBytes }: Pick<RandomCut, 'end' | 'chunkBytes'>,
): Response {
  let at = 0
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (at < bytes.length) controller.enqueue(bytes.slice(at, (at += chunkBytes)))
      else if (end === 'error') controller.error(new Error('socket hang up'))
      else controller.close()
    },
  })
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
}
