import type { APIPromise, OpenAI } from 'openai'
import { OptionError } from '../errors.ts'

/** A request as a line of a batch file has it: which endpoint, and the body for it. */
export type ApiRequest =
  | {
      /** @default '/v1/chat/completions' */
      readonly url?: '/v1/chat/completions' | undefined
      readonly body: OpenAI.Chat.ChatCompletionCreateParams
    }
  | { readonly url: '/v1/responses'; readonly body: OpenAI.Responses.ResponseCreateParams }
  | { readonly url: '/v1/embeddings'; readonly body: OpenAI.EmbeddingCreateParams }

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
  switch (url) {
    case '/v1/chat/completions':
      return client.chat.completions.create(request.body as OpenAI.Chat.ChatCompletionCreateParams, options)
    case '/v1/responses':
      return client.responses.create(request.body as OpenAI.Responses.ResponseCreateParams, options)
    case '/v1/embeddings':
      return client.embeddings.create(request.body as OpenAI.EmbeddingCreateParams, options)
    default:
      throw new OptionError(
        'url',
        `url must be /v1/chat/completions, /v1/responses or /v1/embeddings, got ${String(url)}.`,
      )
  }
}
