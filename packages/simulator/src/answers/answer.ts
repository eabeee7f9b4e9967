/** A complete answer, before any fault. */
export interface Answer {
  status: number
  contentType: string
  /** Further headers, as name, value, name, value … */
  headers: readonly string[]
  /** The body; for a stream, one string per event. */
  frames: readonly string[]
  stream: boolean
  /** When each frame is due, by the simulator's clock, of a stream that does not have the pace of the script. */
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

/** The last event of a chat stream. */
export const doneFrame = 'data: [DONE]\n\n'
