import type { CapturedContent } from '../client.ts'

/** The maximum number of calls whose content is held. */
const MAX_CONTENTS = 200
/** The maximum size of all contents, in characters. The oldest ones are discarded. */
const MAX_TOTAL_LENGTH = 8_000_000
/** The maximum size of a request, and of an answer, in characters. More is left out. */
const MAX_LENGTH = 400_000

/** The content of a call, as texts. */
export interface ShownContent {
  readonly request: string
  /** Undefined if the caller got no answer. */
  readonly answer: string | undefined
  readonly truncated: boolean
}

/** The contents of the latest calls of clients with `captureContent`. */
export class Contents {
  /** By the id of the call, the oldest first. */
  readonly #contents = new Map<string, ShownContent>()
  #length = 0

  get isEmpty(): boolean {
    return this.#contents.size === 0
  }

  add({ receipt, request, answer, truncated }: CapturedContent): void {
    const texts = [textOf(request) ?? '', textOf(answer)] as const
    const [requestText, answerText] = texts
    const isCut = texts.some((text) => text !== undefined && text.length > MAX_LENGTH)
    const content = {
      request: requestText.slice(0, MAX_LENGTH),
      answer: answerText?.slice(0, MAX_LENGTH),
      truncated: truncated || isCut,
    }
    this.#remove(receipt.id)
    this.#contents.set(receipt.id, content)
    this.#length += lengthOf(content)
    for (const id of this.#contents.keys()) {
      if (this.#contents.size <= MAX_CONTENTS && this.#length <= MAX_TOTAL_LENGTH) return
      this.#remove(id)
    }
  }

  of(id: string): ShownContent | undefined {
    return this.#contents.get(id)
  }

  #remove(id: string): void {
    const content = this.#contents.get(id)
    if (!content) return
    this.#length -= lengthOf(content)
    this.#contents.delete(id)
  }
}

function lengthOf({ request, answer }: ShownContent): number {
  return request.length + (answer?.length ?? 0)
}

/** Returns a text as it is, and everything else as JSON. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'string' || value === undefined) return value
  try {
    return JSON.stringify(value, null, 2)
  } catch {
    return 'This cannot be shown.'
  }
}
