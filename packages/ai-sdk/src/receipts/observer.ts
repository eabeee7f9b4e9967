import type { ObservedAttempt } from './observed-attempt.ts'
import type { ObservedWait, ObservedReceipt } from './observed-receipt.ts'

/**
 * An observer of calls, for the option `telemetry`. It gets no prompt and no answer. If it throws, the call goes on; a model emits one warning for
 * all such errors. Observers of `@harbor/core`, such as `openTelemetry()` of `@harbor/otel`, work here too.
 */
export interface CallObserver {
  /**
   * Called when a call begins, in the async context of its caller.
   * @returns an object to which Harbor reports what happens to the call, or `undefined` to leave the call out
   */
  start(call: {
    readonly receipt: ObservedReceipt
    readonly request: RequestFacts
    readonly role: 'call'
    /** When `totalMs` is over, in milliseconds since 1970. The call fails if it has no answer by then; a stream, if it has no content by then. */
    readonly deadlineAt: number
    /** The fallback model, for reading its state. All calls of a model get the same object. */
    readonly client: ObservedModel
  }): CallObservation | undefined
}

/** The fallback model, as an observer sees it. It has the fields that observers of `@harbor/core` read from a client. */
export interface ObservedModel {
  /** Returns the statistics of the model at this moment. */
  stats(): {
    /** The circuit and the health of each target, by its name. */
    readonly targets: Readonly<Record<string, ObservedTarget>>
    /** Always empty: a fallback model has no rate limits. */
    readonly limits: Readonly<Record<string, never>>
    /** Amounts in US dollars; all 0, because the AI SDK reports no prices. */
    readonly cost: Readonly<
      Record<
        | 'spentUsd'
        | 'possiblyBilledUsd'
        | 'savedByFallbackUsd'
        | 'savedByCacheUsd'
        | 'savedByBatchUsd'
        | 'unpricedCalls',
        number
      >
    >
    /** Whether `close()` was called. */
    readonly closed: boolean
  }
  /** Adds a listener for changes of circuits. @returns a function that removes it */
  on(
    event: 'breaker',
    listener: (change: { readonly target: string; readonly state: ObservedTarget['state'] }) => void,
  ): () => void
}

/** The circuit and the health of one target, for observers. */
export interface ObservedTarget {
  /** The state of the circuit; always `closed` with `breaker: false`. */
  readonly state: 'closed' | 'open' | 'half-open' | 'isolated'
  /** Whether the target can take calls now: its circuit is not open or isolated, and it is in no cooldown. */
  readonly available: boolean
  /** How long the cooldown still lasts, in milliseconds; 0 if there is none. */
  readonly retryAfterMs: number
  /** The share of the last 100 calls at this target that were answered, from 0 to 1; 1 before the first call. */
  readonly successRatio: number
  /** The moving average of the time until an answer, or the first content of a stream, in milliseconds; undefined before the first answer. */
  readonly latencyMs: number | undefined
  /** Always undefined here: only `@harbor/core` sets it. */
  readonly lastFailure: undefined
  /** Always undefined: a fallback model makes no health checks. */
  readonly lastCheckAt: undefined
  /** Always undefined: the AI SDK does not say which key a model uses. */
  readonly keys: undefined
}

/** The functions that are called at the events of one call. */
export interface CallObservation {
  /**
   * Wraps one request to a model, until its answer, or the first content of its stream, has arrived. The model is called in the async context in
   * which you call `send`.
   * @param send calls the model. A second call returns the same promise. If you never call it, Harbor does. `headers` are added to those of the
   * request
   * @returns what `send` returned; any other value is ignored
   */
  attempt?<T>(
    attempt: ObservedAttempt,
    send: (headers?: Readonly<Record<string, string>>) => Promise<T>,
  ): Promise<T>
  /**
   * Called once for each attempt that is answered by a stream, when the stream has begun.
   * @returns a function that is called for each part with content when Harbor reads the part from the stream, or `undefined` to get no such calls.
   * `at` is the time of the read, in milliseconds since 1970. After its first content, a stream is read only as fast as its caller reads it
   */
  chunks?(attempt: ObservedAttempt): ((at: number) => void) | undefined
  /** Called once for each attempt when it has ended; for a stream, at its end. Also called for an attempt that lost to a hedge. */
  attemptEnded?(attempt: ObservedAttempt): void
  /** Called after a wait, before the attempt that follows. */
  waited?(wait: ObservedWait): void
  /** Called once when the call is over; for a stream, when the stream has ended. */
  end?(receipt: ObservedReceipt): void
}

/** What a call asks for, before a target is chosen. Contains no prompt and no key. */
export interface RequestFacts {
  /** Always `ai-sdk`: which protocol a model speaks is not known. */
  readonly protocol: string
  /** The kind of request: `chat` (text, also as a stream) or `embeddings`. */
  readonly operation: 'chat' | 'embeddings'
  /** The provider of the first model, as the AI SDK names it, such as `openai.responses`. */
  readonly provider: string
  /** The id of the first model in `models`. Never undefined here. */
  readonly model: string | undefined
  /** Whether the answer is a stream. */
  readonly streaming: boolean
  /** Empty, because the AI SDK does not say where a model sends its requests. */
  readonly url: string
}

/** Returns the observers in the option `telemetry`; `undefined` if there are none. */
export function observerList(
  telemetry: CallObserver | readonly CallObserver[] | false | undefined,
): readonly CallObserver[] | undefined {
  if (telemetry === undefined || telemetry === false) return undefined
  const list = 'start' in telemetry ? [telemetry] : [...telemetry]
  return list.length === 0 ? undefined : list
}
