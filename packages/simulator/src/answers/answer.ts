/** A complete answer, to which no fault has been applied yet. */
export interface Answer {
  status: number
  contentType: string
  /** Additional headers, as a list in which names and values alternate. */
  headers: readonly string[]
  /** The parts in which the body is sent. A stream has one part per event. */
  frames: readonly string[]
  stream: boolean
  /**
   * The time at which each frame is sent, in milliseconds of the simulator's clock. Only for a stream with times of its
   * own; any other stream is sent at the speed that the script sets.
   */
  dueAt?: readonly number[] | undefined
  usage: { input: number; output: number }
}

const nothing = { input: 0, output: 0 }

export function jsonAnswer(body: unknown, usage = nothing): Answer {
  return bodyAnswer(200, 'application/json', JSON.stringify(body), usage)
}

export function bodyAnswer(status: number, contentType: string, body: string, usage = nothing): Answer {
  return { status, contentType, headers: [], frames: [body], stream: false, usage }
}

export function streamAnswer(frames: readonly string[], usage = nothing): Answer {
  return {
    status: 200,
    contentType: 'text/event-stream; charset=utf-8',
    headers: [],
    frames,
    stream: true,
    usage,
  }
}

/** The event that ends a chat stream. */
export const doneFrame = 'data: [DONE]\n\n'
