import type { SemanticLookup } from './lookup.ts'
import type { SemanticReport, SemanticState } from './report.ts'

/** Finds answers that were stored for a text with the same meaning. */
export interface SemanticCache<Value> {
  /** Whether hits are served. */
  readonly state: SemanticState
  /**
   * Looks for an answer to a text with the same meaning, within a partition. Resolves to a miss if `embed` fails. Nothing is loaded.
   *
   * @throws the reason of `signal` when it aborts; TypeError for an invalid question
   */
  lookup(question: SemanticQuestion): Promise<SemanticLookup<Value>>
  /**
   * Stores an answer. An answer that was stored for the same text in the same partition is replaced.
   *
   * @returns whether the answer was stored: false if `embed` fails, the text is empty or too long, or the cache is off or closed
   */
  store(entry: SemanticEntry<Value>): Promise<boolean>
  /** Deletes the answer that was stored for exactly this text. @returns whether there was one */
  delete(question: Pick<SemanticQuestion, 'partition' | 'text'>): boolean
  /** Deletes all answers, or those of one partition. What was judged is kept. */
  clear(partition?: string): void
  /** Returns what the cache has done, as plain data without texts. */
  report(): SemanticReport
  /** Switches the cache on again after it was switched off, and forgets what was judged. Call it after the cause was removed. */
  reset(): void
  /** Resolves when no hit is being judged. */
  idle(): Promise<void>
  /** Deletes all answers and aborts what is in flight. Later lookups are misses. */
  close(): void
}

/** A text that is looked up. */
export interface SemanticQuestion {
  /**
   * Everything else on which the answer depends, as a text: whose answer it is, the model, the system prompt, the tools, all parameters, earlier
   * messages. Use a digest of the whole request without the text. Answers are shared only within a partition. Beware: what is missing here is
   * ignored
   */
  partition: string
  /** The text whose meaning counts: the latest message of the user. */
  text: string
  /** Ends the lookup: it rejects with the signal's reason. The request of `embed` goes on for others. @default none */
  signal?: AbortSignal | undefined
}

/** An answer to store. */
export interface SemanticEntry<Value> extends SemanticQuestion {
  value: Value
  /** How long the answer may be served, in milliseconds, at most a year. @default ttlMs of the cache */
  ttlMs?: number | undefined
  /** The result of the lookup of the same text. Its vector is used again, so that `embed` is not called. @default none */
  lookup?: SemanticLookup<Value> | undefined
}
