import type { APIPromise, OpenAI } from 'openai'
import { OptionError } from '../base/errors.ts'
import { endpointOfUrl } from '../protocols/openai/batch-endpoints.ts'

/**
 * A request in the format of OpenAI's Batch API: an endpoint and a body. The endpoint may be given without its `/v1`, as in the
 * documentation of Azure.
 */
export type ApiRequest =
  | {
      /** The endpoint. @default '/v1/chat/completions' */
      readonly url?: '/v1/chat/completions' | '/chat/completions' | undefined
      /** The body, as for `chat.completions.create()`. */
      readonly body: OpenAI.Chat.ChatCompletionCreateParams
    }
  | {
      /** The endpoint of the Responses API. */
      readonly url: '/v1/responses' | '/responses'
      /** The body, as for `responses.create()`. */
      readonly body: OpenAI.Responses.ResponseCreateParams
    }
  | {
      /** The endpoint of embeddings. */
      readonly url: '/v1/embeddings' | '/embeddings'
      /** The body, as for `embeddings.create()`. */
      readonly body: OpenAI.EmbeddingCreateParams
    }

/** Sends a request with the SDK's own method for its endpoint, so that the SDK's defaults for that endpoint apply. */
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
