import { untilAborted } from '@harbor/parts'
import type { LanguageModelV4 } from '@ai-sdk/provider'
import { asModelV4, type AnyLanguageModel } from '../as-model-v4.ts'
import { chatAnswerOf } from './chat-answer.ts'
import { ChatChunks } from './chat-chunks.ts'
import { callOptionsOf, streamingOf } from './chat-request.ts'
import { Dropped } from './dropped.ts'
import { errorAnswer, networkError } from './error-answer.ts'
import { cleanName, isRecord, parseJson, type JsonRecord } from './json.ts'
import { invalid, RequestError } from './request-error.ts'
import { streamBody } from './stream-body.ts'
import { TargetModel } from './target-model.ts'

/**
 * Makes a `fetch` that answers OpenAI's chat requests, JSON and streams, by a model of the AI SDK. So every provider of the AI SDK can be a
 * provider of the OpenAI client:
 *
 * ```ts
 * new Harbor({ providers: { bedrock: { apiKey: null, fetch: modelFetch((id) => bedrock(id)) } } })
 * ```
 *
 * A request that the AI SDK cannot express without changing its meaning is answered with status 400 and the code `unsupported_by_model`.
 * Harbor then calls the next target. A parameter that only tunes the answer is left out, and listed in the response header
 * `x-harbor-dropped`, which Harbor copies to `attempts[].adaptations`. Requests other than `POST …/chat/completions` are answered with 404.
 *
 * @param modelOf returns the model for the `model` of a request: a language model of version 2, 3 or 4 of the AI SDK's specification
 * @returns a `fetch`. It rejects with a TypeError when the provider could not be reached, and with the reason of the signal after an abort
 */
export function modelFetch(modelOf: (modelId: string) => AnyLanguageModel): typeof globalThis.fetch {
  if (typeof modelOf !== 'function')
    throw new TypeError('modelFetch needs a function that returns the model for a model id.')
  return async function fetchFromModel(input, init) {
    const request = input instanceof Request ? input : undefined
    const signal = init?.signal ?? request?.signal
    signal?.throwIfAborted()
    try {
      checkRoute(urlOf(input), init?.method ?? request?.method ?? 'GET')
      const body = await textOf(request, init?.body)
      return await answer(body, modelOf, signal ?? undefined)
    } catch (error) {
      if (signal?.aborted) throw signal.reason
      const reported = errorAnswer(error)
      if (!reported) throw networkError(error)
      return jsonResponse(reported.body, reported.status, reported.headers)
    }
  }
}

function checkRoute(url: string, method: string): void {
  const [path = ''] = url.split(/[?#]/)
  if (method.toUpperCase() === 'POST' && path.endsWith('/chat/completions')) return
  const name = URL.parse(url)?.pathname ?? ''
  throw new RequestError(
    404,
    `modelFetch answers only POST …/chat/completions, got ${cleanName(method)} ${cleanName(name)}.`,
    { type: 'invalid_request_error', code: 'unknown_url' },
  )
}

function urlOf(input: string | URL | Request): string {
  return typeof input === 'string' ? input : input instanceof URL ? input.href : input.url
}

async function textOf(request: Request | undefined, body: RequestInit['body']): Promise<string> {
  if (typeof body === 'string') return body
  return body == null ? ((await request?.text()) ?? '') : new Response(body).text()
}

async function answer(
  text: string,
  modelOf: (modelId: string) => AnyLanguageModel,
  signal: AbortSignal | undefined,
): Promise<Response> {
  const body = parseJson(text)
  if (!isRecord(body)) throw invalid('The body must be a JSON object.')
  const { model: requested } = body
  if (typeof requested !== 'string' || requested === '') throw invalid('model must be the id of a model.')
  const { isStream, includeUsage } = streamingOf(body)
  const model = asModelV4(modelOf(requested), 'The result of the function of modelFetch')
  const dropped = new Dropped()
  const target = await TargetModel.of(model, dropped)
  const options = { ...callOptionsOf(body, target, dropped), ...(signal && { abortSignal: signal }) }
  if (!isStream) {
    const result = await untilAborted(signal, async () => model.doGenerate(options))
    dropped.addWarnings(result.warnings)
    return jsonResponse(chatAnswerOf(result, requested, dropped), 200, dropped.headers)
  }
  const stream = await streamOf(model, options, signal)
  const events = await streamBody(stream, new ChatChunks(requested, includeUsage), dropped, signal)
  return new Response(events, { headers: { 'content-type': 'text/event-stream', ...dropped.headers } })
}

type Stream = Awaited<ReturnType<LanguageModelV4['doStream']>>['stream']

/** Starts a stream. If the call is aborted first, a stream that arrives later is cancelled. */
async function streamOf(
  model: LanguageModelV4,
  options: Parameters<LanguageModelV4['doStream']>[0],
  signal: AbortSignal | undefined,
): Promise<Stream> {
  return untilAborted(signal, async () => {
    const { stream } = await model.doStream(options)
    if (signal?.aborted) void stream.cancel(signal.reason).catch(() => undefined)
    return stream
  })
}

function jsonResponse(json: JsonRecord, status: number, headers: Readonly<Record<string, string>>): Response {
  return new Response(JSON.stringify(json), {
    status,
    headers: { ...headers, 'content-type': 'application/json' },
  })
}
