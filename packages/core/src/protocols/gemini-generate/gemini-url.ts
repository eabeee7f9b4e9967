/** The parts of the URL of a Gemini request, such as `https://host/v1beta/models/gemini-2.5-pro:generateContent?alt=sse`. */
export interface GeminiURL {
  /** The part before the version, or before the resource if there is no version: `https://host`. */
  readonly root: string
  /** The version with its slash, such as `/v1beta`. Empty if there is none, or if it is a part of the root, as at Vertex AI. */
  readonly version: string
  /** The path of the model with its slash, as it was sent: `/models/gemini-2.5-pro`, `/publishers/google/models/gemini-2.5-pro`. */
  readonly resource: string
  /** The name of the model: without `models/`, but with the name of any other collection, such as `tunedModels/my-model`. */
  readonly model: string
  readonly action: GeminiAction
  /** The query and the fragment, with their `?` and `#`; empty if there are none. */
  readonly query: string
}

const ACTIONS = [
  'generateContent',
  'streamGenerateContent',
  'embedContent',
  'batchEmbedContents',
  'countTokens',
] as const

export type GeminiAction = (typeof ACTIONS)[number]

/** Matches the end of a path that names an action. Some clients encode the colon. */
const ACTION = new RegExp(`(?::|%3a)(${ACTIONS.join('|')})$`, 'i')

/** Returns the action that a path ends with; undefined if the path belongs to another API. */
export function actionOf(path: string): GeminiAction | undefined {
  const named = ACTION.exec(path)?.[1]
  return ACTIONS.find((action) => action === named)
}

/** Whether a path ends with one of Gemini's actions, after any root and version. */
export function isGeminiPath(path: string): boolean {
  return ACTION.test(path)
}

/** Whether the query asks for server-sent events. Otherwise, a stream is one JSON list that is sent piece by piece. */
export function wantsEvents(query: string): boolean {
  return SSE.test(query)
}

const SSE = /[?&](?:\$|%24)?alt=sse(?:[&#]|$)/i

/** Matches the model at the end of a path, with the collection it belongs to, such as `models`. A gateway may leave out the collection. */
const RESOURCE = /(?:\/publishers\/[^/]+)?\/(?:models|tunedModels|endpoints)\/[^/]+$|\/[^/]*$/
const VERSION = /\/v\d+(?:(?:alpha|beta)\d*)?$/

/** Takes the URL of a Gemini request apart; undefined for the URL of any other request. */
export function partsOf(url: string): GeminiURL | undefined {
  const end = url.search(/[?#]/)
  const path = end === -1 ? url : url.slice(0, end)
  const action = actionOf(path)
  if (action === undefined) return undefined
  const named = path.slice(0, -action.length).replace(/(?::|%3a)$/i, '')
  const resource = RESOURCE.exec(named)?.[0] ?? ''
  const before = named.slice(0, named.length - resource.length)
  const version = VERSION.exec(before)?.[0] ?? ''
  return {
    root: before.slice(0, before.length - version.length),
    version,
    resource,
    model: modelIn(resource),
    action,
    query: end === -1 ? '' : url.slice(end),
  }
}

/**
 * Returns the name of a model from a path or from a body: `models/gemini-2.5-pro` becomes `gemini-2.5-pro`. Any other collection is a part
 * of the name, as in `tunedModels/my-model`.
 */
export function modelIn(resource: string): string {
  const name = resource.slice(resource.search(/(?:tunedModels|endpoints)\/[^/]+$|[^/]*$/))
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}

/**
 * Returns the path of another model, with its slash, to be used in place of `resource`.
 * @param root the part of the URL before the path. It shows whether the URL is one of Vertex AI, where models have publishers
 */
export function resourceFor(model: string, resource: string, root: string): string {
  const name = model.split('/').map(encodeURIComponent).join('/')
  if (NAMES_COLLECTION.test(name)) return `/${name}`
  const isVertex = /\/projects\/[^/]+\/locations\/[^/]+$/.test(root)
  if (isVertex && !resource.startsWith('/publishers/')) return `/publishers/google/models/${name}`
  return /^\/(?:tunedModels|endpoints)\//.test(resource) ? `/models/${name}` : withName(resource, name)
}

const NAMES_COLLECTION = /^(?:models|tunedModels|endpoints|publishers)\//

function withName(resource: string, name: string): string {
  return resource.slice(0, resource.lastIndexOf('/') + 1) + name
}

/**
 * Returns the name under which a model's rate limits are counted. Versions of a model share its quota:
 * https://cloud.google.com/vertex-ai/generative-ai/docs/quotas
 */
export function quotaModelOf(model: string): string {
  return model.replace(/-(?:latest|\d{3})$/, '')
}
