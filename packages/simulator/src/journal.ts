import type { IncomingHttpHeaders } from 'node:http'
import type { FaultType } from './script/fault.ts'
import type { Operation, WireName } from './route.ts'

/** One call as the provider received it. Nothing is redacted: its headers contain API keys as they were sent. */
export interface RecordedRequest {
  /** The number of the call, counted from 1 since the provider's start or last reset. */
  readonly call: number
  /** The id of the call. OpenAI's answers have it in the header `x-request-id`, Anthropic's in `request-id`; Gemini's answers do not contain it. */
  readonly requestId: string
  /** The wire format of the request; `openai` if it cannot be recognised. */
  readonly wire: WireName
  /** What the request does, such as `chat` or `embeddings`; `other` for an unknown path. */
  readonly operation: Operation
  /** The model, from the URL or the body; undefined if neither names one. */
  readonly model: string | undefined
  /** Whether a stream is requested, in the URL or the body. */
  readonly stream: boolean
  /** The HTTP method, in capitals. */
  readonly method: string
  /** The path of the URL, without the query, such as `/v1/chat/completions`. */
  readonly path: string
  /** The part of the URL after the `?`; empty if there is none. */
  readonly query: string
  /** The headers of the request, with names in lower case, as Node parses them. */
  readonly headers: IncomingHttpHeaders
  /** The JSON body, parsed; undefined if there was none or it was not JSON. */
  readonly body: unknown
  /** The time at which the request arrived, in milliseconds since the provider's start or last reset. */
  readonly at: number
  /** The number of the connection on which the call arrived, counted from 1. */
  readonly connection: number
  /** Whether the client closed the connection before the end of the answer. */
  readonly aborted: boolean
}

/** What a provider has counted since its start or last reset. */
export interface ProviderCounts {
  /** The number of calls that reached the provider, including calls that got no answer. */
  calls: number
  /** The number of calls for each operation; operations that did not occur are missing. */
  byOperation: Partial<Record<Operation, number>>
  /** The number of answers for each HTTP status. Calls without an answer are not counted. */
  byStatus: Record<string, number>
  /** The tokens in the `usage` of all answers. Of an unfinished stream, all input counts, but only the output that was written. */
  tokens: {
    /** Input tokens of all answered calls. */
    input: number
    /** Output tokens of all answered calls. Tokens that were not written, since the answer ended early, do not count. */
    output: number
  }
  /** The counts of batches and their lines (requests). The tokens of lines are counted only here, not in the provider's `tokens`. */
  batches: {
    /** The number of batches created. */
    created: number
    /** The number of lines answered, with or without an error. */
    lines: number
    /** The tokens of these lines. */
    tokens: {
      /** Input tokens of the answered lines. */
      input: number
      /** Output tokens of the answered lines. */
      output: number
    }
  }
  /** The connections of clients to this provider. */
  connections: {
    /** The number of connections accepted since the start or last reset. */
    opened: number
    /** The number of connections open now. */
    open: number
  }
  /** The number of calls whose client closed the connection before the end of the answer. */
  aborts: number
  /** The number of faults that occurred, by type; types that did not occur are missing. */
  faults: Partial<Record<FaultType, number>>
  /** The number of calls that are being answered now. */
  inFlight: number
}

type MutableRequest = { -readonly [Field in keyof RecordedRequest]: RecordedRequest[Field] }

const maxRequests = 10_000
const maxBytes = 64 * 1024 * 1024

/** The calls of a provider since its start or last reset: counts, and the last requests (at most 10,000, and 64 MiB of bodies). */
export class Journal {
  calls = 0
  aborts = 0
  opened = 0
  tokens = { input: 0, output: 0 }
  #inFlight = 0
  #idle: (() => void)[] = []
  readonly #operations = new Map<Operation, number>()
  readonly #statuses = new Map<number, number>()
  readonly #faults = new Map<FaultType, number>()
  #requests: { request: MutableRequest; bytes: number }[] = []
  #oldest = 0
  #bytes = 0

  record(request: MutableRequest, bytes = 0): void {
    increment(this.#operations, request.operation)
    this.#requests.push({ request, bytes })
    this.#bytes += bytes
    while (this.#requests.length - this.#oldest > maxRequests || this.#bytes > maxBytes) {
      this.#bytes -= this.#requests[this.#oldest++]?.bytes ?? 0
    }
    // The array is copied when half of it is unused, so that copying takes little time per call.
    if (this.#oldest > 64 && this.#oldest > this.#requests.length / 2) {
      this.#requests = this.#requests.slice(this.#oldest)
      this.#oldest = 0
    }
  }

  get inFlight(): number {
    return this.#inFlight
  }

  begin(): void {
    this.#inFlight++
  }

  end(): void {
    this.#inFlight--
    if (this.#inFlight === 0) for (const resolve of this.#idle.splice(0)) resolve()
  }

  /** Resolves when no call that this journal counts is in flight. */
  async whenIdle(): Promise<void> {
    if (this.#inFlight > 0) await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  status(status: number): void {
    increment(this.#statuses, status)
  }

  fault(type: FaultType): void {
    increment(this.#faults, type)
  }

  requests(): RecordedRequest[] {
    return this.#requests.slice(this.#oldest).map(({ request }) => request)
  }

  counts(open: number): Omit<ProviderCounts, 'batches'> {
    return {
      calls: this.calls,
      byOperation: Object.fromEntries(this.#operations),
      byStatus: Object.fromEntries(this.#statuses),
      tokens: { ...this.tokens },
      connections: { opened: this.opened, open },
      aborts: this.aborts,
      faults: Object.fromEntries(this.#faults),
      inFlight: this.#inFlight,
    }
  }
}

function increment<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
