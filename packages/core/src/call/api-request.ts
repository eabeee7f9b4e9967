import type { APIPromise, OpenAI } from 'openai'
import { OptionError } from '../base/errors.ts'

/** The endpoints of the API that a request in a file can be for. */
export type Endpoint = '/v1/chat/completions' | '/v1/responses' | '/v1/embeddings'

/** A request as a line of a batch file has it: which endpoint, and the body for it. Azure documents its endpoints without `/v1`. */
export type ApiRequest =
  | {
      /** @default '/v1/chat/completions' */
      readonly url?: '/v1/chat/completions' | '/chat/completions' | undefined
      readonly body: OpenAI.Chat.ChatCompletionCreateParams
    }
  | {
      readonly url: '/v1/responses' | '/responses'
      readonly body: OpenAI.Responses.ResponseCreateParams
    }
  | { readonly url: '/v1/embeddings' | '/embeddings'; readonly body: OpenAI.EmbeddingCreateParams }

/** The endpoint that a url in a batch file means, with or without the version or a root before it; undefined for another one. */
export function endpointOfUrl(url: unknown): Endpoint | undefined {
  const [, name] = typeof url === 'string' ? (ENDPOINT.exec(url) ?? []) : []
  return name === undefined ? undefined : (`/v1/${name}` as Endpoint)
}

const ENDPOINT = /(?:^|\/)(chat\/completions|responses|embeddings)\/?(?:\?.*)?$/

/**
 * Makes the call, by the SDK's own method, which fills in what a caller's call has too.
 * @throws OptionError for an endpoint that Harbor does not know
 */
export function sendRequest(
  client: OpenAI,
  request: ApiRequest,
  options: OpenAI.RequestOptions,
): APIPromise<unknown> {
  const { url = '/v1/chat/completions' } = request
  switch (endpointOfUrl(url)) {
    case '/v1/chat/completions':
      return client.chat.completions.create(request.body as OpenAI.Chat.ChatCompletionCreateParams, options)
    case '/v1/responses':
      return client.responses.create(request.body as OpenAI.Responses.ResponseCreateParams, options)
    case '/v1/embeddings':
      return client.embeddings.create(request.body as OpenAI.EmbeddingCreateParams, options)
    default:
      throw new OptionError(
        'url',
        `url must be /v1/chat/completions, /v1/responses or /v1/embeddings, got ${url}.`,
      )
  }
}
