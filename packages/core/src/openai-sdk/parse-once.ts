import type { APIPromise } from 'openai'
import { HarborResponse } from '../call/harbor-response.ts'
import { attachReceipt, receiptOf } from '../reporting/receipt.ts'

/** What the SDK keeps in a promise: how its result is made of a response. */
interface Insides<Result> {
  parseResponse?: (client: Client, props: Answered) => Result | Promise<Result>
}
interface Client {
  readonly logLevel?: string | undefined
}
interface Answered {
  readonly response: Response
  readonly options: {
    readonly stream?: boolean | undefined
    readonly __binaryResponse?: boolean | undefined
    readonly signal?: AbortSignal | null | undefined
  }
}
type SdkProps = Parameters<Parameters<APIPromise<unknown>['_thenUnwrap']>[0]>[1]
type Parse<Result> = NonNullable<Insides<Result>['parseResponse']>

/**
 * Ties the receipt to the result, also when a helper such as `.parse()` makes another one of it, and spares the SDK to parse what
 * the guard has parsed. Where an SDK keeps nothing of the kind in its promises, the receipt is tied and the rest left as it is.
 */
export function parseResults<Result>(promise: APIPromise<Result>): APIPromise<Result> {
  const { parseResponse } = promise as unknown as Insides<Result>
  if (typeof parseResponse !== 'function') return tied(promise)
  return withParsing(promise, (client, props) => {
    const json = takeJson(client, props)
    return json === undefined ? parseResponse(client, props) : (named(json, props) as Result)
  })
}

function withParsing<Result>(promise: APIPromise<Result>, parse: Parse<Result>): APIPromise<Result> {
  const unwrap = promise._thenUnwrap.bind(promise)
  return Object.assign(promise, {
    parseResponse: (client: Client, props: Answered) => {
      const result = parse(client, props)
      return result instanceof Promise ? result.then((value) => tie(value, props)) : tie(result, props)
    },
    _thenUnwrap: <Other>(transform: (result: Result, props: SdkProps) => Other) =>
      withParsing(unwrap(transform), async (client, props) =>
        named(transform(await parse(client, props), props as unknown as SdkProps), props),
      ),
  })
}

/** @returns undefined when the SDK has to do it: to log it, or to notice that the caller has left */
function takeJson({ logLevel }: Client, { response, options }: Answered): object | undefined {
  if (!(response instanceof HarborResponse) || logLevel === 'debug') return undefined
  if (options.stream || options.__binaryResponse || options.signal?.aborted) return undefined
  return response.takeJson()
}

function tie<Result>(value: Result, { response }: Answered): Result {
  const receipt = receiptOf(response)
  if (receipt) attachReceipt(value, receipt)
  return value
}

/** As the SDK names its results. */
function named<Result>(value: Result, { response }: Answered): Result {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const requestId = response.headers.get('x-request-id')
  return Object.defineProperty(value, '_request_id', { value: requestId, enumerable: false })
}

function tied<Result>(promise: APIPromise<Result>): APIPromise<Result> {
  const linked = promise._thenUnwrap((value, props) => tie(value, props))
  const unwrap = linked._thenUnwrap.bind(linked)
  linked._thenUnwrap = (transform) => tied(unwrap(transform))
  return linked
}
