import { decodePart, type RequestHead, type RequestOperation, type Route } from '../../route.ts'

const actionPath = /\/(models|tunedModels|endpoints)\/([^/:]+):(\w+)$/
const batchPath = /\/(v\d[^/]*)\/batches(?:\/([^/:]+)(?::(cancel))?)?$/
const listPath = /\/(v\d[^/]*)\/(models|tunedModels)(?:\/([^/:]+))?$/

const actions: Readonly<Record<string, RequestOperation>> = {
  generateContent: 'generate-content',
  streamGenerateContent: 'generate-content',
  countTokens: 'count-tokens',
  embedContent: 'embed-content',
  batchEmbedContents: 'embed-content',
  batchGenerateContent: 'batches',
  predict: 'embed-content',
}

/**
 * Recognises requests to Gemini's API, and to its models on Vertex AI, below any root path. The path contains the model, and whether a
 * stream is requested.
 */
export function routeGemini(head: RequestHead): Route | undefined {
  const { method, path } = head
  if (isBatch(head)) return { wire: 'gemini', operation: 'batches' }
  if (method === 'GET') {
    return listPath.test(path) && isGoogle(head) ? { wire: 'gemini', operation: 'models' } : undefined
  }
  const [, collection, id = '', action = ''] = actionPath.exec(path) ?? []
  const operation = method === 'POST' ? actions[action] : undefined
  if (operation === undefined) return undefined
  const name = decodePart(id)
  return {
    wire: 'gemini',
    operation,
    model: collection === 'models' ? name : `${collection}/${name}`,
    stream: action === 'streamGenerateContent',
  }
}

/** Returns the id of the model in a path that lists models; empty if the path is for all models. */
export function listedModel(path: string): string {
  return decodePart(listPath.exec(path)?.[3] ?? '')
}

/** Returns the action in a path, such as `embedContent`. */
export function actionOf(path: string): string {
  return actionPath.exec(path)?.[3] ?? ''
}

/** Returns the id of the batch in a path, undefined for the list of batches, and whether the path cancels it; undefined for other paths. */
export function batchOf(path: string): { id: string | undefined; cancels: boolean } | undefined {
  const match = batchPath.exec(path)
  return match ? { id: match[2], cancels: match[3] !== undefined } : undefined
}

/** Whether a request is for batches of Google. OpenAI has the same path below v1. */
function isBatch({ method, path, headers }: RequestHead): boolean {
  const match = batchPath.exec(path)
  if (match === null || (match[1] === 'v1' && headers['x-goog-api-key'] === undefined)) return false
  const [, , id, cancels] = match
  if (cancels !== undefined) return method === 'POST'
  return method === 'GET' || (method === 'DELETE' && id !== undefined)
}

/** Whether a request for the list of models is for Google. Other vendors have the same path. */
function isGoogle({ path, headers, query }: RequestHead): boolean {
  return (
    headers['x-goog-api-key'] !== undefined ||
    headers['x-goog-api-client'] !== undefined ||
    new URLSearchParams(query).has('key') ||
    listPath.exec(path)?.[1] !== 'v1'
  )
}
