import type { ObservedLimits } from '@harbor/batch'
import type { JsonBody } from '../base/json.ts'
import type { ReadonlyHeaders } from '../base/readonly-headers.ts'
import type { TokenUsage } from '../reporting/receipt.ts'
import type { Capability } from '../reporting/target.ts'
import type { UsageReport } from './shared/delivery.ts'
import type { MissingAnswerError } from './shared/missing-answer.ts'
import type { UpstreamError } from './shared/read-error.ts'
import type { StreamDialect } from './shared/stream-dialect.ts'

/**
 * One wire protocol: a folder beside this file, and one line in `list.ts`. A folder knows all about its format of requests and
 * answers, and nothing outside it does. What is not OpenAI's is listed by `late()`, which loads the folder for the first request.
 */
export interface Protocol {
  readonly name: string
  /** The names of its operations, as receipts and `lastResort` give them. */
  readonly operations: readonly string[]
  /**
   * Recognises a POST with a JSON body; undefined for one of another protocol. It runs for every call, so it compares strings and
   * allocates nothing. Providers put the same endpoints under many roots: only the end of the path counts.
   * @param path the url without query and fragment
   */
  operationOf(path: string, body: JsonBody): Operation | Promise<Operation> | undefined
  /** The operation of a body that comes without an address, by its own fields alone: `explain()` gets such bodies. */
  operationOfBody?(body: JsonBody): Operation | undefined
}

/** What one request does, and all that its format says about it. There is one object for each kind of request, not one for each call. */
export interface Operation {
  readonly name: string
  /** Its answer is judged before the caller gets it: JSON is read whole, a stream must prove its end. */
  readonly judged: boolean
  /** Any provider can serve it: it refers to nothing that is stored at one of them. */
  readonly portable: boolean
  /**
   * How often it may be sent again when an earlier attempt may have been carried out, and billed: 0 when it changes something at the
   * provider, Infinity when it only reads.
   */
  readonly ambiguousRetries: number
  readonly request: RequestFormat
  readonly endpoint: EndpointFormat
  readonly answer: AnswerFormat
  readonly errors: ErrorFormat
  readonly tokens: TokenRules
  readonly caching: CachingRules
  readonly lastResort: LastResortFormat
  /** How single requests become one; undefined where each is sent by itself. */
  readonly batching?: BatchingFormat | undefined
  /** Reads one stream, event by event. */
  newDialect(options: DialectOptions): StreamDialect
}

/** How a request is read. What it says may stand in its body, or in its url. */
export interface RequestFormat {
  modelOf(url: string, body: JsonBody | undefined): string | undefined
  isStreaming(url: string, body: JsonBody | undefined): boolean
  /** What a model has to be capable of to serve it, in addition to streaming. */
  needsOf(body: JsonBody): readonly Capability[]
  /** The service tier that it wants, in lower case. */
  serviceTierOf(body: JsonBody): string | undefined
  /** Names the user or conversation whose requests follow each other. */
  sessionOf(body: JsonBody): string | undefined
  /** Whether it may cost something. What is not known to be free may. */
  mayBeBilled(method: string, url: string): boolean
}

/** What of a provider decides how a request to it is written. */
export interface ProviderFormat {
  readonly kind: 'openai' | 'azure'
  /** The client's own provider: its requests come addressed and signed, and only their model may be replaced. */
  readonly native: boolean
  /** Without a slash at its end. */
  readonly baseURL: string
  readonly apiVersion: string
  readonly maxTokensParam: 'max_tokens' | 'max_completion_tokens' | undefined
}

/** Where a request is sent, with which headers. */
export interface Addressed {
  readonly url: string
  readonly headers: ReadonlyHeaders
}

/** The same with a credential. The headers are a copy. */
export interface Signed extends Addressed {
  readonly headers: Headers
}

/** How a request is written for another target of its protocol: address, model, credential. */
export interface EndpointFormat {
  /** What stands before the endpoint in the url of a request. */
  rootOf(url: string): string
  /** The same address for another model of the same provider, where the address names the model. */
  withModel(url: string, from: string | undefined, to: string | undefined): string
  /**
   * The address of this endpoint at another provider.
   * @param url the address that the request came with, which may say more than its endpoint
   */
  addressAt(provider: ProviderFormat, url: string, model: string | undefined): string
  /** The same request with a provider's key, in a header or in the url. */
  signed(request: Addressed, provider: ProviderFormat, key: string): Signed
  /** The credential in the url of a request, such as `?key=…`; empty when there is none. */
  credentialIn(url: string): string
  /** Where a free request shows that a provider answers, such as its list of models. */
  probeURL(root: string, provider: ProviderFormat): string
  /** Whether a header of the caller's goes to other providers too, in addition to the usual ones. The name is in lower case. */
  carriesHeader(name: string): boolean
  /**
   * The body for another model and provider.
   * @param adaptations collects what was changed other than the model, in words
   */
  adaptBody(
    body: JsonBody,
    model: string | undefined,
    provider: ProviderFormat,
    adaptations: string[],
  ): JsonBody
  /** Names the models that share a provider's limits with this one: the model itself, or its family. */
  quotaModelOf(model: string): string
}

/** How an answer that is one JSON object is read. */
export interface AnswerFormat {
  /** What keeps an object from being the answer to a request; undefined when it is one. */
  missing(request: JsonBody | undefined, answer: JsonBody): MissingAnswerError | undefined
  /** Why it ended: one reason for each choice. */
  finishReasonsOf(answer: JsonBody): readonly string[]
  /**
   * Whether the provider withheld content because of what it says.
   * @param answer undefined for a stream
   */
  isFiltered(finishReasons: readonly string[], answer?: JsonBody): boolean
  /** The provider's id of it. */
  idOf(answer: JsonBody): string | undefined
  modelOf(answer: JsonBody): string | undefined
  /** What it reports about its cost. */
  usageOf(answer: JsonBody): UsageReport
  /** Whether the provider goes on with it after its response, so that its cost is not known yet. */
  isUnfinished(answer: JsonBody): boolean
}

/** How errors are read and written. */
export interface ErrorFormat {
  /** The error in the text of a failed answer, or of one that brought nothing else; undefined when it holds none. */
  inText(text: string): UpstreamError | undefined
  /** The error that a successful answer declares. */
  declaredIn(answer: JsonBody): UpstreamError | undefined
  /** The error in an object that is known to be no answer. */
  anyIn(answer: JsonBody): UpstreamError | undefined
  /** The body of an error answer that Harbor makes, in the form that the protocol's SDK reads. */
  bodyOf(error: ReportedError, status: number): JsonBody
  /** What a provider says about its limits: in headers, or in the text of an error. */
  rateLimitsOf(headers: Headers, errorText: string | undefined): ObservedLimits
}

/** What an error of Harbor's own, or one passed on, says. */
export interface ReportedError {
  readonly message: string
  readonly type: string | undefined
  readonly code: string | number | undefined
  readonly param?: string | undefined
}

/** How many tokens requests and answers have, estimated from above. */
export interface TokenRules {
  /** What a request and its answer may use. */
  estimate(body: JsonBody): TokenUsage
  /** How much of a model's context a request needs, with the room that it reserves for its answer. */
  contextOf(body: JsonBody): number
  /** How long the request lets its answer be; undefined when it sets no limit. */
  outputLimitOf(body: JsonBody): number | undefined
  /** What a whole answer has, over all its choices. */
  answerTokens(answer: JsonBody): number
}

/** Which answers may be given again. */
export interface CachingRules {
  /** Why the answer to a request must not be reused, in a word; undefined when it may be. */
  whyUnsafe(request: JsonBody): string | undefined
  /** Why an answer that is one object must not be stored; undefined when it may be. */
  refusalOf(answer: JsonBody): AnswerRefusal | undefined
  /** The same for a stream, from its events. */
  readonly newProof: () => AnswerProof
}

/** Why the content of an answer is not stored: it was cut at its limit, withheld, failed, or is not proven to be whole. */
export type AnswerRefusal = 'length' | 'content-filter' | 'error' | 'incomplete'

/** What the events of a stream prove about its answer, added one after the other. */
export interface AnswerProof {
  /**
   * Adds an event that has data.
   * @param name its `event:` field
   * @param body its data; undefined when that is no JSON object
   */
  add(name: string | undefined, body: JsonBody | undefined): void
  /** Why the answer must not be stored, if the stream ended here; undefined when it may be. */
  readonly refusal: AnswerRefusal | undefined
}

/** How an answer that Harbor's caller made up is written. */
export interface LastResortFormat {
  /** A text as a whole answer; undefined where a text is none. */
  bodyOf(text: string, facts: LastResortFacts): JsonBody | undefined
  /** A whole answer as the events of a stream, as they stand on the wire. */
  eventsOf(body: JsonBody): readonly string[]
}

export interface LastResortFacts {
  readonly id: string
  readonly model: string
  /** Seconds since the epoch. */
  readonly at: number
}

/** How requests for one input each become one request, and its answer one for each. */
export interface BatchingFormat {
  /** The input, if the request has exactly one that may be sent with others. */
  inputOf(body: JsonBody): string | undefined
  /** All else that the request says: requests of one batch must agree in it. */
  withoutInput(body: JsonBody): JsonBody
  withInputs(body: JsonBody, inputs: readonly string[]): JsonBody
  /** One answer for each input, in their order, or why there is none. */
  split(answer: JsonBody, count: number): readonly JsonBody[] | 'unequal' | 'unclear-order'
  /** The same answer with its share of the tokens as its usage. */
  withUsage(answer: JsonBody, inputTokens: number): JsonBody
}

export interface DialectOptions {
  /** What a provider ends its streams with. @default the proof that the protocol documents */
  readonly streamEnd?: StreamEndRule | undefined
}

/** What proves that a stream is complete: a finish reason for every choice, or for some providers `[DONE]` alone. */
export type StreamEndRule = 'finish-reason' | 'done'
