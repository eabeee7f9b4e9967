import { ApiError, GoogleGenAI, type GenerateContentResponse } from '@google/genai'
import type { Vendor } from './vendor.ts'
import { isRecord, parseJson } from '../../src/base/json.ts'

const QUESTION = { model: 'gemini-2.5-pro', contents: 'Hi.' }

/** `@google/genai`. Each of its events is an answer with the next part, so that the first one has content already. */
export const GEMINI: Vendor = {
  name: 'Gemini',
  provider: 'google',
  kind: 'google',
  model: QUESTION.model,
  places: { beforeContent: 0, midStream: 7 },
  baseURL: (address) => new URL(address).origin,
  async call({ baseURL, fetch, form, signal }, chunks) {
    const client = new GoogleGenAI({ apiKey: 'test-key', httpOptions: { baseUrl: baseURL, fetch } })
    const question = { ...QUESTION, ...(signal && { config: { abortSignal: signal } }) }
    if (form === 'JSON') chunks.push(plain(await client.models.generateContent(question)))
    else
      for await (const answer of await client.models.generateContentStream(question))
        chunks.push(plain(answer))
  },
  textOf(_form, chunks) {
    const answers = chunks as readonly ReturnType<typeof plain>[]
    const candidates = answers.flatMap(({ candidates = [] }) => candidates)
    if (candidates.filter(({ finishReason }) => finishReason !== undefined).length !== 1)
      throw new Error('It does not end once.')
    if (new Set(answers.map(({ responseId }) => responseId)).size > 1)
      throw new Error('The chunks are of two answers.')
    return candidates
      .map(({ content }) => content?.parts?.map(({ text }) => text ?? '').join('') ?? '')
      .join('')
  },
  factsOf(error) {
    if (!(error instanceof ApiError))
      return {
        // The SDK has no class for a connection that fails.
        isTyped: error instanceof Error,
        status: undefined,
        code: undefined,
        message: error instanceof Error ? error.message : '',
      }
    // The message of an error inside a stream has the status in front of the JSON.
    const body = parseJson(error.message.slice(Math.max(0, error.message.indexOf('{'))))
    const inner = isRecord(body) && isRecord(body['error']) ? body['error'] : {}
    const details = Array.isArray(inner['details']) ? inner['details'].filter(isRecord) : []
    const reason = details
      .map((detail) => detail['reason'])
      .find((each): each is string => typeof each === 'string')
    return {
      isTyped: true,
      status: error.status,
      code: reason,
      message: typeof inner['message'] === 'string' ? inner['message'] : error.message,
    }
  },
}

/** The answer without its response headers, which differ from call to call. */
function plain({
  candidates,
  promptFeedback,
  usageMetadata,
  responseId,
}: GenerateContentResponse): Pick<
  GenerateContentResponse,
  'candidates' | 'promptFeedback' | 'usageMetadata' | 'responseId'
> {
  return { candidates, promptFeedback, usageMetadata, responseId } as ReturnType<typeof plain>
}
