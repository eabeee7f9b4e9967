import { untilAborted } from '@harbor/parts'
import type { LanguageModelV4 } from '@ai-sdk/provider'
import { hasStream } from '../answer-shape.ts'
import { asModelV4, type AnyLanguageModel } from '../as-model-v4.ts'
import { chatAnswerOf, checkResult, type AnswerFormat } from './chat-answer.ts'
import { ChatChunks } from './chat-chunks.ts'
import { callOptionsOf, streamingOf } from './chat-request.ts'
import { Dropped } from './dropped.ts'
import { errorAnswer, networkError } from './error-answer.ts'
import { cleanName, isRecord, parseJson, type JsonRecord } from '../json.ts'
import { inCurrentFormat, isOlderFormat } from './older-format.ts'
import { failure, invalid, malformed, REQUEST, RequestError, UNSUPPORTED } from './request-error.ts'
import { streamBody } from './stream-body.ts'
import { TargetModel } from './target-model.ts'

/**
 * Makes a `fetch` that answers OpenAI's chat requests, as JSON or as a stream, with a model of the AI SDK. With it, every provider of the AI SDK can
 * be a provider of a `Harbor` client:
 *
 * ```ts
 * new Harbor({ providers: { bedrock: { apiKey: null, fetch: modelFetch((id) => bedrock(id)) } } })
 * ```
 *
 * A request that the AI SDK cannot express without changing its meaning is answered with status 400 and the code `unsupported_by_model`. Harbor then
 * calls the next target. A parameter that only tunes the answer is left out, and listed in the response header `x-harbor-dropped`, which Harbor
 * copies to `attempts[].adaptations`. Requests other than `POST …/chat/completions` are answered with 404 and the same code.
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
  // Without this code, Harbor would take the model for missing, and call it for no request of another kind either.
  throw new RequestError(
    404,
    `modelFetch answers only POST …/chat/completions, got ${cleanName(method)} ${cleanName(name)}.`,
    { type: REQUEST, code: UNSUPPORTED },
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
  const parsed = parseJson(text)
  if (!isRecord(parsed)) throw invalid('The body must be a JSON object.')
  const { model: requested } = parsed
  if (typeof requested !== 'string' || requested === '') throw invalid('model must be the id of a model.')
  const { isStream, includeUsage } = streamingOf(parsed)
  const body = inCurrentFormat(parsed)
  const format: AnswerFormat = { requested, includeUsage, isOlder: isOlderFormat(parsed) }
  const model = modelFor(requested, modelOf)
  const dropped = new Dropped()
  const urls = await untilAborted(signal, async () => model.supportedUrls)
  const options = {
    ...callOptionsOf(body, new TargetModel(model, urls, dropped), dropped),
    ...(signal && { abortSignal: signal }),
  }
  if (!isStream) {
    const result = await untilAborted(signal, async () => model.doGenerate(options))
    checkResult(result)
    dropped.addWarnings(result.warnings)
    return jsonResponse(chatAnswerOf(result, format, dropped), 200, dropped.headers)
  }
  const stream = await streamOf(model, options, signal)
  const events = await streamBody(stream, new ChatChunks(format, dropped), dropped, signal)
  return new Response(events, { headers: { 'content-type': 'text/event-stream', ...dropped.headers } })
}

/** Returns the model for a model id. @throws RequestError when the function of the caller does not return a language model */
function modelFor(modelId: string, modelOf: (modelId: string) => AnyLanguageModel): LanguageModelV4 {
  const model = modelOf(modelId)
  try {
    return asModelV4(model, 'The result of the function of modelFetch')
  } catch (error) {
    // Its message names what was returned instead, and nothing of the request.
    if (!(error instanceof TypeError)) throw error
    throw failure(404, error.message, REQUEST, 'model_not_found')
  }
}

type Stream = Awaited<ReturnType<LanguageModelV4['doStream']>>['stream']

/** Starts a stream. If the call is aborted first, a stream that arrives later is cancelled. */
async function streamOf(
  model: LanguageModelV4,
  options: Parameters<LanguageModelV4['doStream']>[0],
  signal: AbortSignal | undefined,
): Promise<Stream> {
  return untilAborted(signal, async () => {
    const result: unknown = await model.doStream(options)
    if (!hasStream(result)) throw malformed('it has no stream')
    const { stream } = result
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
