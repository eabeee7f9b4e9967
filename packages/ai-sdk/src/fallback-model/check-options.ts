import {
  aFunction,
  anObject,
  checkOptions,
  checksOf,
  expectValue,
  having,
  type Check,
  type NamesElsewhere,
} from '@harbor/parts'
import type { CommonOptions, FallbackModelOptions, Labels, ModelListeners, ModelTimeouts } from './options.ts'

/** The maximum number of labels of a model or a call. The bounds of labels are those of `@harbor/core`. */
const MAX_LABELS = 16
/** The maximum length of the value of a label, and of a session, in characters. */
const MAX_LABEL_LENGTH = 256
const LABEL_NAME = /^[\w.:-]{1,64}$/

const aDuration: Check = (value) =>
  (typeof value === 'number' && value >= 1) || 'a number of milliseconds of at least 1'
const aCount: Check = (value) =>
  (Number.isInteger(value) && (value as number) >= 1) || 'a whole number of at least 1'
const anObjectOrFalse: Check = (value) => value === false || anObject(value) === true || 'an object, or false'
const isShort = (value: unknown): boolean => typeof value === 'string' && value.length <= MAX_LABEL_LENGTH

const aSession: Check = (value) =>
  (isShort(value) && value !== '') || `a string of 1 to ${MAX_LABEL_LENGTH} characters`

const someLabels: Check = (value) => {
  const entries =
    anObject(value) === true && !Array.isArray(value) ? Object.entries(value as object) : undefined
  return (
    (entries !== undefined &&
      entries.length <= MAX_LABELS &&
      entries.every(([name, text]) => LABEL_NAME.test(name) && isShort(text))) ||
    `an object with at most ${MAX_LABELS} texts of at most ${MAX_LABEL_LENGTH} characters, ` +
      'with names of 1 to 64 letters, digits or "_.:-"'
  )
}

const anObserver = /* @__PURE__ */ having('an observer', 'start')
const someObservers: Check = (value) =>
  value === false ||
  (Array.isArray(value) ? value : [value]).every((each) => anObserver(each) === true) ||
  'an observer with a function `start`, a list of observers, or false for none'

const COMMON = {
  retry: anObjectOrFalse,
  breaker: anObjectOrFalse,
  hedge: anObjectOrFalse,
  totalMs: aDuration,
  order: aFunction,
  attemptsBeforeFallback: aCount,
  maxUpstreamCalls: aCount,
  labels: someLabels,
  telemetry: someObservers,
  on: anObject,
} satisfies Record<keyof CommonOptions, Check>

const LANGUAGE_CHECKS = /* @__PURE__ */ checksOf({
  models: () => true,
  ...COMMON,
  timeouts: anObject,
  lastResort: aFunction,
} satisfies Record<keyof FallbackModelOptions | 'models', Check>)

const EMBEDDING_CHECKS = /* @__PURE__ */ checksOf({
  models: () => true,
  ...COMMON,
  attemptMs: aDuration,
  sameVectors: (value) => typeof value === 'boolean' || 'a boolean',
})

const TIMEOUT_CHECKS = /* @__PURE__ */ checksOf({
  attemptMs: aDuration,
  firstTokenMs: aDuration,
  idleMs: aDuration,
} satisfies Record<keyof ModelTimeouts, Check>)

const LISTENER_CHECKS = /* @__PURE__ */ checksOf({
  fallback: aFunction,
  breaker: aFunction,
  end: aFunction,
} satisfies Record<keyof ModelListeners, Check>)

const CALL_CHECKS = /* @__PURE__ */ checksOf({ labels: someLabels, session: aSession })

const NAMES_ELSEWHERE: NamesElsewhere = {
  models: 'model, targets, fallbacks, providers',
  retry: 'retries (ai-retry), maxRetries (ai)',
  totalMs: 'timeout, deadlineMs, totalTimeoutMs',
  on: 'onError (ai-fallback), onRetry (ai-retry), listeners',
  breaker: 'circuitBreaker',
  attemptsBeforeFallback: 'maxAttempts (ai-retry)',
}

/** @throws TypeError for an option that does not exist or has a wrong value */
export function checkLanguageOptions(options: FallbackModelOptions): void {
  checkOptions(options, LANGUAGE_CHECKS, NAMES_ELSEWHERE)
  if (options.timeouts) checkOptions(options.timeouts, TIMEOUT_CHECKS, {})
  if (options.on) checkOptions(options.on, LISTENER_CHECKS, {})
}

/** @throws TypeError for an option that does not exist or has a wrong value */
export function checkEmbeddingOptions(options: CommonOptions): void {
  checkOptions(options, EMBEDDING_CHECKS, NAMES_ELSEWHERE)
  if (options.on) checkOptions(options.on, LISTENER_CHECKS, {})
}

/** @throws TypeError unless `models` is a list of at least one model */
export function checkModels(models: unknown): void {
  expectValue(
    'models',
    models,
    (value) => (Array.isArray(value) && value.length > 0) || 'a list of at least one model',
  )
}

/** Harbor's part of the `providerOptions` of a call: `providerOptions: { harbor: { labels, session } }`. */
export interface HarborCallOptions {
  /**
   * Labels of this call. They are added to the labels of the model, and replace those with the same name. At most 16, with names of 1 to 64 letters,
   * digits and `_.:-`, and values of up to 256 characters. @default none
   */
  readonly labels?: Labels | undefined
  /**
   * The id of the conversation, 1 to 256 characters. The target that answered the last call of the conversation is tried first while it is available,
   * because its prompt cache is warm. @default conversations are recognized by the ids of the tool calls in the prompt
   */
  readonly session?: string | undefined
}

/** @throws TypeError for an option that does not exist or has a wrong value */
export function checkCallOptions(options: unknown): asserts options is HarborCallOptions {
  expectValue('providerOptions.harbor', options, anObject)
  checkOptions(options as object, CALL_CHECKS, {})
}
