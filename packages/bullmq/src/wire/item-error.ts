import { parseRetryAfter, type HeadersLike } from '@harbor/parts'

/** Marks the error for `is()`, since its `code` is that of the error at the worker. */
const BRAND: unique symbol = Symbol.for('@harbor/bullmq FleetItemError')

/** The maximum length of a message that a worker sends, in characters. */
const MAX_MESSAGE_LENGTH = 2_000
const MAX_WORD_LENGTH = 100
/** The longest delay that a provider can request, in milliseconds: a day. */
const MAX_RETRY_AFTER_MS = 86_400_000

/** What a worker sends of an error. It holds nothing of the item and nothing of the stack. */
export interface SentError {
  readonly name: string
  readonly message: string
  readonly code?: string | undefined
  readonly status?: number | undefined
  readonly kind?: string | undefined
  readonly retryable?: boolean | undefined
  readonly target?: string | undefined
  readonly retryAfterMs?: number | undefined
}

/** The error of an item that a worker has run: what the function threw there, as far as it can be sent. */
export class FleetItemError extends Error {
  /** The name of the error at the worker, such as `RateLimitError`. */
  override readonly name: string
  /** The code of the error at the worker, such as `insufficient_quota`; undefined if it had none. */
  readonly code: string | undefined
  /** The HTTP status; undefined if the error had none. */
  readonly status: number | undefined
  /** What went wrong, in one word of `@harbor/retry`, such as `rate-limit`; undefined if the worker does not use a client of Harbor. */
  readonly kind: string | undefined
  /** Whether the same call may succeed later; undefined if that is unknown. */
  readonly retryable: boolean | undefined
  /** The target that failed last, such as `openai/gpt-5`; undefined if the worker does not use a client of Harbor. */
  readonly target: string | undefined
  /** The delay that the provider requested, as a header, for code that decides about retries; undefined if it requested none. */
  readonly headers: Readonly<Record<string, string>> | undefined
  readonly [BRAND] = true

  constructor(sent: SentError) {
    super(sent.message)
    this.name = sent.name
    this.code = sent.code
    this.status = sent.status
    this.kind = sent.kind
    this.retryable = sent.retryable
    this.target = sent.target
    this.headers =
      sent.retryAfterMs === undefined ? undefined : { 'retry-after-ms': String(sent.retryAfterMs) }
  }

  /** Whether an error is a FleetItemError, including one from another copy of this package. */
  static is(error: unknown): error is FleetItemError {
    return error instanceof Error && BRAND in error
  }
}

/** Where core attaches the receipt of a call to its error. */
const RECEIPT: unique symbol = Symbol.for('harbor.receipt')

/** The part of a receipt that is read here. */
interface Receipt {
  readonly target?: unknown
  readonly attempts?: readonly { readonly failure?: { readonly kind?: unknown } | undefined }[]
}

/** The kinds of failures of `@harbor/retry` that another attempt may mend. */
const RETRYABLE: ReadonlySet<string> = new Set([
  'network',
  'timeout',
  'rate-limit',
  'overloaded',
  'server',
  'conflict',
  'malformed',
  'stream',
])

/** Returns what can be sent of an error. */
export function sentErrorOf(error: unknown): SentError {
  if (!(error instanceof Error)) return { name: 'Error', message: cut(String(error), MAX_MESSAGE_LENGTH) }
  const { code, status, headers } = error as { code?: unknown; status?: unknown; headers?: unknown }
  // SDKs name their errors only by their classes.
  const name = error.name === 'Error' ? error.constructor.name : error.name
  const receipt = receiptOf(error) ?? receiptOf(headers)
  const kind = receipt?.attempts?.at(-1)?.failure?.kind
  return {
    name: cut(name, MAX_WORD_LENGTH),
    message: cut(error.message, MAX_MESSAGE_LENGTH),
    ...(typeof code === 'string' && { code: cut(code, MAX_WORD_LENGTH) }),
    ...(isStatus(status) && { status }),
    ...(typeof kind === 'string' && { kind: cut(kind, MAX_WORD_LENGTH), retryable: RETRYABLE.has(kind) }),
    ...(typeof receipt?.target === 'string' && { target: cut(receipt.target, MAX_MESSAGE_LENGTH) }),
    ...retryAfterOf(headers),
  }
}

/** Reads an error that a worker has sent. Everything is checked, since any process may write to Redis. */
export function readSentError(value: unknown): FleetItemError {
  const { name, message, code, status, kind, retryable, target, retryAfterMs } = Object(value) as Partial<
    Record<keyof SentError, unknown>
  >
  const text = (given: unknown, length: number): string | undefined =>
    typeof given === 'string' ? cut(given, length) : undefined
  return new FleetItemError({
    name: text(name, MAX_WORD_LENGTH) ?? 'Error',
    message: text(message, MAX_MESSAGE_LENGTH) ?? 'the worker has sent no message',
    code: text(code, MAX_WORD_LENGTH),
    status: isStatus(status) ? status : undefined,
    kind: text(kind, MAX_WORD_LENGTH),
    retryable: typeof retryable === 'boolean' ? retryable : undefined,
    target: text(target, MAX_MESSAGE_LENGTH),
    retryAfterMs: isDelay(retryAfterMs) ? retryAfterMs : undefined,
  })
}

function receiptOf(holder: unknown): Receipt | undefined {
  if (typeof holder !== 'object' || holder === null) return undefined
  return (holder as { [RECEIPT]?: Receipt })[RECEIPT]
}

function retryAfterOf(headers: unknown): { readonly retryAfterMs?: number } {
  if (typeof headers !== 'object' || headers === null) return {}
  const delay = parseRetryAfter(headers as HeadersLike)
  return isDelay(delay) ? { retryAfterMs: delay } : {}
}

function isStatus(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 100 && (value as number) <= 599
}

function isDelay(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= MAX_RETRY_AFTER_MS
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text
}
