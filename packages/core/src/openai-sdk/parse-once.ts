import type { APIPromise } from 'openai'
import { HarborResponse } from '../call/harbor-response.ts'
import { attachReceipt, receiptOf } from '../reporting/receipt.ts'
import {
  isBinary,
  onTransform,
  parserOf,
  parsesAsSdk,
  setParser,
  transformed,
  type Parser,
  type ParserInput,
  type ResultProps,
  type SdkClient,
} from './contract.ts'

/**
 * Attaches the receipt to the result of a call, including the result of a helper such as `.parse()`. The result is the JSON that Harbor has
 * already parsed to check the answer, so the SDK does not parse it again. If the SDK's promises have no parser of their own, only attaches
 * the receipt.
 */
export function parseOnce<Result>(promise: APIPromise<Result>): APIPromise<Result> {
  const parser = parserOf(promise)
  if (!parser) return withReceipt(promise)
  return parsedBy(promise, (client, input) => {
    const json = takeJson(client, input)
    return json === undefined ? parser(client, input) : (withRequestId(json, input) as Result)
  })
}

/** Attaches the receipt to the result of a call, and leaves the parsing to the SDK. */
export function withReceipt<Result>(promise: APIPromise<Result>): APIPromise<Result> {
  const other = transformed(promise, (value, props) => tie(value, props))
  onTransform(other, (next) => withReceipt(next))
  return other
}

function parsedBy<Result>(promise: APIPromise<Result>, parse: Parser<Result>): APIPromise<Result> {
  onTransform(promise, (other, transform) =>
    parsedBy(other, async (client, input) =>
      withRequestId(transform(await parse(client, input), input as unknown as ResultProps), input),
    ),
  )
  setParser(promise, (client, input) => {
    const result = parse(client, input)
    return result instanceof Promise ? result.then((value) => tie(value, input)) : tie(result, input)
  })
  return promise
}

/**
 * Returns the JSON that Harbor has already parsed to check the answer.
 * @returns undefined if the SDK has to parse: because it logs the result, the caller has aborted, the result is not JSON, or the user has
 * replaced the SDK's parsing
 */
function takeJson(client: SdkClient, { response, options }: ParserInput): object | undefined {
  if (!(response instanceof HarborResponse) || client.logLevel === 'debug' || !parsesAsSdk(client))
    return undefined
  if (options.stream || isBinary(options) || options.signal?.aborted) return undefined
  return response.takeJson()
}

function tie<Result>(value: Result, { response }: { readonly response: Response }): Result {
  const receipt = receiptOf(response)
  if (receipt) attachReceipt(value, receipt)
  return value
}

/** Adds the id of the request to a result, as the SDK does. */
function withRequestId<Result>(value: Result, { response }: ParserInput): Result {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const requestId = response.headers.get('x-request-id')
  return Object.defineProperty(value, '_request_id', { value: requestId, enumerable: false })
}
