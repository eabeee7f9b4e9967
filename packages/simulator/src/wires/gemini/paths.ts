import { decodePart, type RequestHead, type RequestOperation, type Route } from '../../route.ts'

const actionPath = /\/(models|tunedModels|endpoints)\/([^/:]+):(\w+)$/
const listPath = /\/(v\d[^/]*)\/(models|tunedModels)(?:\/([^/:]+))?$/

const actions: Readonly<Record<string, RequestOperation>> = {
  generateContent: 'generate-content',
  streamGenerateContent: 'generate-content',
  countTokens: 'count-tokens',
  embedContent: 'embed-content',
  batchEmbedContents: 'embed-content',
}

/** Recognises Gemini's API, and its models on Vertex AI, below whatever root. The model and the kind of answer are in the path. */
export function routeGemini(head: RequestHead): Route | undefined {
  const { method, path } = head
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

/** The id of a model in a path that lists models; empty for all of them. */
export function listedModel(path: string): string {
  return decodePart(listPath.exec(path)?.[3] ?? '')
}

/** The action of a path: `embedContent`. */
export function actionOf(path: string): string {
  return actionPath.exec(path)?.[3] ?? ''
}

/** Whether a request for the list of models, which other vendors have as well, is one for Google. */
function isGoogle({ path, headers, query }: RequestHead): boolean {
  return (
    headers['x-goog-api-key'] !== undefined ||
    headers['x-goog-api-client'] !== undefined ||
    new URLSearchParams(query).has('key') ||
    listPath.exec(path)?.[1] !== 'v1'
  )
}
