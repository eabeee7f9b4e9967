import { isObject } from '../json.ts'
import type { ModelReceipt } from './receipt.ts'

/** The key of Harbor's part of `providerOptions` and `providerMetadata`. */
export const HARBOR = 'harbor'

/** The maximum number of errors that are examined in a chain of errors, because a chain may be circular. */
const MAX_DEPTH = 8

/**
 * The receipts of failed calls, by their errors, and of embedding calls, by their `response`: `embedMany` merges the metadata of its
 * requests, and returns the responses one by one. An entry is freed with its object.
 */
const attached = new WeakMap<object, ModelReceipt>()

/** Stores the receipt of a call with its error or its `response`. Does nothing for an error that is not an object. */
export function attachReceipt(to: unknown, receipt: ModelReceipt): void {
  if (isObject(to)) attached.set(to, receipt)
}

/**
 * Returns the receipt of a call to a fallback model: of the last step, if there were several.
 *
 * @param result the result of `generateText`, `generateObject`, `embed`, `embedMany` or an agent; the result of `streamText` or `streamObject`, whose
 * receipt is available when the stream has ended; a result of `doGenerate`; a `finish` part; or the error of a failed call
 * @returns the receipt, or `undefined` if the result comes from another model. For the result of a stream, a promise of the receipt, which rejects
 * with the error of the stream if the stream fails
 */
export function receiptOf(result: PromisedResult): Promise<ModelReceipt | undefined>
/** Returns the receipt of a call from a result that is no stream, a `finish` part or an error; `undefined` if it comes from another model. */
export function receiptOf(result: unknown): ModelReceipt | undefined
export function receiptOf(result: unknown): ModelReceipt | undefined | Promise<ModelReceipt | undefined> {
  const all = allReceipts(result)
  return Array.isArray(all) ? all.at(-1) : all.then((receipts) => receipts.at(-1))
}

/**
 * Returns the receipts of all steps of a result, in order; for `embedMany`, of all its requests.
 *
 * @param result a result, a stream or an error, as for `receiptOf`
 * @returns an empty array if the result comes from another model. For the result of a stream, a promise of the receipts
 */
export function receiptsOf(result: PromisedResult): Promise<readonly ModelReceipt[]>
/** Returns the receipts of all steps of a result that is no stream, in order; an empty array if it comes from another model. */
export function receiptsOf(result: unknown): readonly ModelReceipt[]
export function receiptsOf(result: unknown): readonly ModelReceipt[] | Promise<readonly ModelReceipt[]> {
  return allReceipts(result)
}

function allReceipts(result: unknown): ModelReceipt[] | Promise<ModelReceipt[]> {
  const failed = receiptOfError(result)
  if (failed) return [failed]
  if (!isObject(result)) return []
  const { steps, providerMetadata, responses } = result
  const ofResponses = Array.isArray(responses) ? responses.flatMap(attachedTo) : []
  if (ofResponses.length > 0) return ofResponses
  if (isPromiseLike(steps)) return Promise.resolve(steps).then(receiptsOfSteps)
  if (Array.isArray(steps)) return receiptsOfSteps(steps)
  if (isPromiseLike(providerMetadata))
    return Promise.resolve(providerMetadata).then((metadata) =>
      receiptsOfSteps([{ providerMetadata: metadata }]),
    )
  return receiptsOfSteps([result])
}

/** A result of a stream: its steps or its metadata are promises. */
export type PromisedResult =
  | {
      /** A promise of the steps, which resolves when the stream has ended. */
      readonly steps: PromiseLike<unknown>
    }
  | {
      /** A promise of the metadata, which resolves when the stream has ended. */
      readonly providerMetadata: PromiseLike<unknown>
      /** Always undefined: a result that has `providerMetadata` and no `steps`, such as that of `streamObject`. */
      readonly steps?: undefined
    }

function receiptsOfSteps(steps: unknown): ModelReceipt[] {
  if (!Array.isArray(steps)) return []
  return steps.flatMap((step: unknown) => {
    const metadata = isObject(step) ? step.providerMetadata : undefined
    const receipt = isObject(metadata) ? metadata[HARBOR] : undefined
    return isReceipt(receipt) ? [receipt] : []
  })
}

function attachedTo(response: unknown): ModelReceipt[] {
  const receipt = isObject(response) ? attached.get(response) : undefined
  return receipt ? [receipt] : []
}

/** Finds the receipt of an error, also if `ai` has wrapped the error, as its RetryError does. */
function receiptOfError(error: unknown): ModelReceipt | undefined {
  let link = error
  for (let depth = 0; depth < MAX_DEPTH && isObject(link); depth++) {
    const receipt = attached.get(link)
    if (receipt) return receipt
    if (!(link instanceof Error)) return undefined
    const { lastError, cause } = link as { lastError?: unknown; cause?: unknown }
    link = lastError ?? cause
  }
  return undefined
}

function isReceipt(value: unknown): value is ModelReceipt {
  return isObject(value) && typeof value.id === 'string' && Array.isArray(value.attempts)
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return isObject(value) && typeof value.then === 'function'
}
