// The addresses of the Messages API: Anthropic's own, with the model in the body, and Vertex AI's, with the model in the path.

export const MESSAGES_PATH = '/v1/messages'
export const COUNT_PATH = '/v1/messages/count_tokens'
/** The part of Vertex AI's path before the model. */
const PUBLISHER = '/publishers/anthropic/models/'
const RAW_PREDICT = ':rawPredict'
const STREAM_RAW_PREDICT = ':streamRawPredict'
/** The word that Vertex AI's path has in place of a model, when the request counts tokens. */
const COUNTER = 'count-tokens'

/**
 * Returns what a POST to this path does: it creates a message, or counts tokens. Undefined if the path does not belong to the Messages API.
 * @param path the URL without query and fragment
 */
export function actionOf(path: string): 'messages' | 'count_tokens' | undefined {
  if (path.endsWith(MESSAGES_PATH)) return 'messages'
  if (path.endsWith(COUNT_PATH)) return 'count_tokens'
  if (!path.endsWith(RAW_PREDICT) && !path.endsWith(STREAM_RAW_PREDICT)) return undefined
  const model = modelInPath(path)
  if (model === undefined) return undefined
  return model === COUNTER ? 'count_tokens' : 'messages'
}

/** Whether a path belongs to the Messages API. It is called before the rest of this protocol is loaded. */
export function isMessagesPath(path: string): boolean {
  return actionOf(path) !== undefined
}

/** Returns the model in a URL of Vertex AI; undefined for other URLs. */
export function modelInPath(url: string): string | undefined {
  const at = url.lastIndexOf(PUBLISHER)
  if (at === -1) return undefined
  const end = url.indexOf(':', at)
  return end === -1 ? undefined : decoded(url.slice(at + PUBLISHER.length, end))
}

/** Whether the URL itself asks for a stream, as Vertex AI's `:streamRawPredict` does. */
export function streamsByPath(url: string): boolean {
  return /:streamRawPredict(?:[?#]|$)/.test(url)
}

/** Returns the part of a URL before the path of the endpoint. */
export function rootOf(url: string): string {
  const vertex = url.lastIndexOf(PUBLISHER)
  const at = vertex === -1 ? url.lastIndexOf(MESSAGES_PATH) : vertex
  return at === -1 ? new URL(url).origin : url.slice(0, at)
}

/** Replaces the model in a URL of Vertex AI. Other URLs are returned unchanged. */
export function withModelInPath(url: string, model: string): string {
  const from = modelInPath(url)
  if (from === undefined || from === COUNTER || from === model) return url
  const start = url.lastIndexOf(PUBLISHER) + PUBLISHER.length
  return url.slice(0, start) + inPath(model) + url.slice(url.indexOf(':', start))
}

/** Matches the root URL of a provider at Vertex AI: it ends with a location, or with the models of Anthropic. */
const VERTEX_ROOT =
  /^(.*\/projects\/[^/]+\/locations\/[^/]+|.*(?=\/publishers\/anthropic\/models\/*$))(?:\/publishers\/anthropic\/models)?\/*$/

/** Returns the part of a root URL of Vertex AI before the publisher; undefined for the root URL of any other provider. */
export function vertexRootOf(root: string): string | undefined {
  return VERTEX_ROOT.exec(root)?.[1]
}

/**
 * Returns the URL of a request at Vertex AI.
 * @param root the part before the publisher, as `vertexRootOf` returns it
 * @param model the model, or undefined for a request that counts tokens
 */
export function vertexAddress(root: string, model: string | undefined, streaming: boolean): string {
  const name = model === undefined ? COUNTER : inPath(model)
  return root + PUBLISHER + name + (streaming ? STREAM_RAW_PREDICT : RAW_PREDICT)
}

function inPath(model: string): string {
  return encodeURIComponent(model).replaceAll('%40', '@')
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
