import type { ObservedLimits } from '@harbor/batch'
import type { JsonBody } from '../base/json.ts'
import type { ReadonlyHeaders } from '../base/readonly-headers.ts'
import type { Capability } from '../reporting/target.ts'
import type { BatchingFormat } from './shared/batching-format.ts'
import type { UsageReport } from './shared/delivery.ts'
import type { ContinuationFormat } from './shared/continuation-format.ts'
import type { QuestionFormat } from './shared/question-format.ts'
import type { ResumeFormat } from './shared/resume-format.ts'
import type { MissingAnswerError } from './shared/missing-answer.ts'
import type { UpstreamError } from './shared/read-error.ts'
import type { StreamDialect } from './shared/stream-dialect.ts'
import type { TokenRules } from './token-rules.ts'

/**
 * One wire protocol. It consists of a folder beside this file, and of one line in `list.ts`. The folder contains everything that depends on
 * the format of the protocol's requests and answers. OpenAI's folders are loaded with the package. Any other is listed with `late()`, which
 * loads the folder for the first request.
 */
export interface Protocol {
  readonly name: string
  /** The names of the protocol's operations, as they appear in receipts and in `lastResort`. */
  readonly operations: readonly string[]
  /**
   * Recognises the operation of a POST with a JSON body; returns undefined if the request belongs to another protocol. It runs for every
   * call, so an implementation must only compare strings and allocate nothing. It must compare only the end of the path, since providers
   * serve the same endpoints under many roots.
   * @param path the URL without query and fragment
   * @param query the rest of the URL: `?alt=sse`, or an empty text
   */
  operationOf(path: string, body: JsonBody, query: string): Operation | Promise<Operation> | undefined
  /** Recognises the operation by the fields of a body alone. Used where the URL is not known, as in `explain()`. */
  operationOfBody?(body: JsonBody): Operation | undefined
  /** Returns the operations for the endpoints of the same vendor that belong to no protocol. @default those of OpenAI's form */
  otherEndpoints?(): OtherEndpoints | Promise<OtherEndpoints>
}

/** The operations for endpoints that Harbor does not know. Their errors have the form of one vendor. */
export interface OtherEndpoints {
  /** Requests that only read, and may be repeated any number of times. */
  readonly read: Operation
  readonly write: Operation
}

/**
 * One kind of request of a protocol, and the rules by which Harbor reads and writes its requests and answers. There is one object for
 * each kind of request, not one for each call.
 */
export interface Operation {
  readonly name: string
  /** The name of the protocol to which the operation belongs; undefined for requests that belong to none. */
  readonly protocol: string | undefined
  /** The vendor of the protocol. With `createHarborFetch()`, the provider that requests are addressed to is normally named after it. */
  readonly vendor: string
  /** Whether every answer is checked before it is returned to the caller. If false, only event streams are checked. */
  readonly checksAnswers: boolean
  /** Whether every provider can serve the request. False if the request refers to something that one provider has stored. */
  readonly portable: boolean
  /**
   * How often a request may be repeated when an earlier attempt may have been carried out and billed. 0 when the request changes something
   * at the provider, Infinity when it only reads.
   */
  readonly ambiguousRetries: number
  readonly request: RequestFormat
  readonly endpoint: EndpointFormat
  readonly answer: AnswerFormat
  readonly errors: ErrorFormat
  readonly tokens: TokenRules
  readonly caching: CachingRules
  readonly lastResort: LastResortFormat
  /** How a stream of this kind that broke is requested again from where it broke; undefined if the vendor has no way to do so. */
  readonly resuming?: ResumeFormat | undefined
  /** How another request continues a stream that broke; undefined if no request does. */
  readonly continuing?: ContinuationFormat | undefined
  /** Loads where the question of a request is, for the semantic cache; undefined if requests of this kind are no questions. */
  readonly asking?: (() => Promise<QuestionFormat>) | undefined
  /** How several requests are sent as one; undefined when requests of this kind are never batched. */
  readonly batching?: BatchingFormat | undefined
  /** Makes a reader for the events of one stream. */
  newDialect(options: DialectOptions): StreamDialect
}

/** How a request is read. The model, for example, may be in the body or in the URL. */
export interface RequestFormat {
  modelOf(url: string, body: JsonBody | undefined): string | undefined
  isStreaming(url: string, body: JsonBody | undefined): boolean
  /** Returns the capabilities that a model needs to serve the request, in addition to streaming. */
  needsOf(body: JsonBody): readonly Capability[]
  /** Returns the service tier that the request asks for, in its body or its headers, in lower case. */
  serviceTierOf(body: JsonBody, headers?: ReadonlyHeaders): string | undefined
  /** Returns the other models that the provider may use for the request, such as its own fallbacks. @default none */
  otherModelsOf?(body: JsonBody): readonly string[]
  /** Returns the id of the user or conversation that the request belongs to. */
  sessionOf(body: JsonBody): string | undefined
  /**
   * Returns the name of the conversation that the request belongs to, as the request gives it. The requests of a conversation share the
   * provider's prompt cache. @default the id that `sessionOf` returns
   */
  conversationOf?(body: JsonBody): string | undefined
  /**
   * How the request depends on objects that the provider stores for an account. `uses`: the request refers to such an object, such as a
   * file. `makes`: the request makes the provider store an object, such as its answer, to which later requests can refer. @default neither
   */
  storedWith?(body: JsonBody): 'uses' | 'makes' | undefined
  /** Whether the request may cost money: true unless it is known to be free. */
  mayBeBilled(method: string, url: string): boolean
}

/** The names of the protocols that providers are configured for. */
export type ProtocolName =
  'openai-chat' | 'openai-responses' | 'openai-embeddings' | 'anthropic-messages' | 'gemini-generate'

/**
 * The kind of a provider, which decides how its requests are addressed and signed. A provider that copies the API of a vendor has the kind of that
 * vendor. `ProviderOptions.kind` explains each.
 */
export type ProviderKind = 'openai' | 'azure' | 'anthropic' | 'google'

/** The settings of a provider on which the format of a request to it depends. */
export interface ProviderFormat {
  readonly kind: ProviderKind
  /** Whether this is the client's own provider. The SDK has addressed and signed its requests, so only their model may be replaced. */
  readonly native: boolean
  /** The root URL of the request's protocol at this provider, without a slash at its end. */
  readonly baseURL: string
  readonly apiVersion: string
  readonly maxTokensParam: 'max_tokens' | 'max_completion_tokens' | undefined
}

/** The URL and headers of a request. */
export interface Addressed {
  readonly url: string
  readonly headers: ReadonlyHeaders
}

/** A request that carries a credential. Its headers are a copy that may be changed. */
export interface Signed extends Addressed {
  readonly headers: Headers
}

/** How a request is rewritten for another target (a provider and a model) of the same protocol: URL, model, credential, body. */
export interface EndpointFormat {
  /** Returns the part of a request's URL before the path of the endpoint. */
  rootOf(url: string): string
  /** Replaces the model in a URL that contains it. Other URLs are returned unchanged. */
  withModel(url: string, from: string | undefined, to: string | undefined): string
  /**
   * Returns the URL of this endpoint at another provider.
   * @param url the URL of the original request, which may contain more than the endpoint, such as a query
   * @param streaming whether the request asks for a stream. At some providers, the URL says so.
   */
  addressAt(provider: ProviderFormat, url: string, model: string | undefined, streaming?: boolean): string
  /** Returns the request with a provider's key added, in a header or in the URL. */
  signed(request: Addressed, provider: ProviderFormat, key: string): Signed
  /** Returns the credential in a request's URL, such as the `…` of `?key=…`; empty when there is none. */
  credentialIn(url: string): string
  /** Returns a request's URL without the credential that it may contain. */
  withoutCredential(url: string): string
  /** Returns the URL for health checks: a GET of it is free and shows whether the provider answers, such as that of the list of models. */
  probeURL(root: string, provider: ProviderFormat): string
  /**
   * Whether a header that the caller set is sent to other providers, too. A fixed set of usual headers, such as `user-agent`, is sent to
   * them in any case.
   * @param name in lower case
   */
  carriesHeader(name: string): boolean
  /**
   * Returns the reason why a provider cannot serve a request, although it serves the protocol; undefined when it can. For example, the
   * provider ignores a parameter that changes the meaning of the answer. The reason finishes the sentence "… cannot serve the call: it".
   */
  whyUnable?(body: JsonBody, provider: ProviderFormat): string | undefined
  /**
   * Adapts a body to another model and provider.
   * @param adaptations collects a note in words about each change other than the model
   * @param streaming whether the request asks for a stream, be it in its body or in its URL
   */
  adaptBody(
    body: JsonBody,
    model: string | undefined,
    provider: ProviderFormat,
    adaptations: string[],
    streaming?: boolean,
  ): JsonBody
  /**
   * Adds the parameters of a variant of a model to a body. They replace those of the body.
   * @default by name; objects are merged
   */
  withParams?(body: JsonBody, params: JsonBody): JsonBody
  /** Returns the name under which the rate limits of a model are counted: its own name, or that of a family of models that share them. */
  quotaModelOf(model: string): string
}

/** How an answer that is one JSON object (not a stream) is read. */
export interface AnswerFormat {
  /** Returns an error that says why an object is not an answer to the request; undefined when it is one. */
  missing(request: JsonBody | undefined, answer: JsonBody): MissingAnswerError | undefined
  /** Returns the finish reasons of the answer, one for each choice. */
  finishReasonsOf(answer: JsonBody): readonly string[]
  /**
   * Whether the provider's content filter withheld a part of the answer.
   * @param answer undefined for a stream
   */
  isFiltered(finishReasons: readonly string[], answer?: JsonBody): boolean
  /** Returns the id that the provider gave to the answer. */
  idOf(answer: JsonBody): string | undefined
  modelOf(answer: JsonBody): string | undefined
  /** Reads the token usage, service tier and cost that the answer reports. */
  usageOf(answer: JsonBody): UsageReport
  /**
   * Whether the provider still works on the answer although it has already responded (background mode), so that the cost is not known yet.
   */
  isUnfinished(answer: JsonBody): boolean
}

/** How errors are read and written. */
export interface ErrorFormat {
  /** Finds an error in the text of a failed answer, or of a successful one without content; undefined when there is none. */
  inText(text: string): UpstreamError | undefined
  /** Returns the error that an answer declares even though its HTTP status says success; undefined when there is none. */
  declaredIn(answer: JsonBody): UpstreamError | undefined
  /** Returns the error in an object that is known not to be an answer. Any object with a message counts as an error here. */
  anyIn(answer: JsonBody): UpstreamError | undefined
  /** Makes the body of an error response that Harbor sends itself, in the form that the protocol's SDK reads. */
  bodyOf(error: ReportedError, status: number): JsonBody
  /** Reads the rate limits that a provider reports, in headers or in the text of an error. */
  rateLimitsOf(headers: Headers, errorText: string | undefined): ObservedLimits
  /**
   * Returns the organization, project or workspace whose rate limits the request has used, as the answer names it. Two API keys share these
   * limits if their answers contain the same name. @default not named
   */
  organizationOf?(headers: Headers, errorText: string | undefined): string | undefined
}

/** The fields of an error, Harbor's own or a provider's, that are written into an error response. */
export interface ReportedError {
  readonly message: string
  readonly type: string | undefined
  readonly code: string | number | undefined
  readonly param?: string | undefined
}

/** Which answers may be cached. */
export interface CachingRules {
  /** Returns a word for the reason why answers to this request must not be cached; undefined when they may be. */
  whyUnsafe(request: JsonBody): string | undefined
  /** Returns the reason why a JSON answer must not be cached; undefined when it may be. */
  refusalOf(answer: JsonBody): AnswerRefusal | undefined
  /** Makes an object that decides, from the events of a stream, whether its answer may be cached. */
  readonly newProof: () => AnswerProof
}

/**
 * Why an answer is not cached. `length`: its token limit cut it off. `content-filter`: a filter withheld it. `error`: it contains an error.
 * `incomplete`: nothing proves that it is complete.
 */
export type AnswerRefusal = 'length' | 'content-filter' | 'error' | 'incomplete'

/** Decides from the events of a stream, added one after the other, whether its answer may be cached. */
export interface AnswerProof {
  /**
   * Adds an event that has data.
   * @param name the event's `event:` field
   * @param body the event's data; undefined when the data is not a JSON object
   */
  add(name: string | undefined, body: JsonBody | undefined): void
  /** The reason why the answer must not be cached if the stream ends here; undefined when it may be cached. */
  readonly refusal: AnswerRefusal | undefined
}

/** How an answer that the option `lastResort` made is put into the format of the protocol. */
export interface LastResortFormat {
  /** Makes a whole answer from a text; undefined when a text cannot be an answer of this operation. */
  bodyOf(text: string, facts: LastResortFacts): JsonBody | undefined
  /** Turns a whole answer into the events of a stream, as text for the wire. */
  eventsOf(body: JsonBody): readonly string[]
}

export interface LastResortFacts {
  readonly id: string
  readonly model: string
  /** The time of the answer, in seconds since the epoch. */
  readonly at: number
}

export interface DialectOptions {
  /** What proves that a stream of this provider is complete. @default the proof that the protocol documents */
  readonly streamEnd?: StreamEndRule | undefined
  /** The request that the stream answers. It may say how many answers the stream must contain. */
  readonly request?: JsonBody | undefined
}

/** What proves that a stream is complete: a finish reason for every choice or, for some providers, `[DONE]` alone. */
export type StreamEndRule = 'finish-reason' | 'done'
