/** The parts of the URL of a Gemini request, such as `https://host/v1beta/models/gemini-2.5-pro:generateContent?alt=sse`. */
export interface GeminiURL {
  /** What stands before the version, or before the resource if there is no version: `https://host`. */
  readonly root: string
  /** The version with its slash, such as `/v1beta`; empty if there is none, or if it stands inside the root, as at Vertex. */
  readonly version: string
  /** The path of the model with its slash, as it was sent: `/models/gemini-2.5-pro`, `/publishers/google/models/gemini-2.5-pro`. */
  readonly resource: string
  /** The name of the model: without `models/`, but with the name of any other collection, such as `tunedModels/my-model`. */
  readonly model: string
  readonly action: GeminiAction
  /** The query and the fragment, with their signs. */
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

/** The action that a path ends with; undefined if it belongs to another API. */
export function actionOf(path: string): GeminiAction | undefined {
  const named = ACTION.exec(path)?.[1]
  return ACTIONS.find((action) => action === named)
}

/** Whether a path ends with one of Gemini's actions, whatever root and version stand before it. */
export function isGeminiPath(path: string): boolean {
  return ACTION.test(path)
}

/** Whether the query asks for server-sent events. Without it, a stream is one JSON list that is sent piece by piece. */
export function wantsEvents(query: string): boolean {
  return SSE.test(query)
}

const SSE = /[?&](?:\$|%24)?alt=sse(?:[&#]|$)/i

/** The collections whose items are models. A gateway may leave them out. */
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

/** The name of a model in a path or in a body, without what all names have in common: `models/gemini-2.5-pro` is `gemini-2.5-pro`. */
export function modelIn(resource: string): string {
  const name = resource.slice(resource.search(/(?:tunedModels|endpoints)\/[^/]+$|[^/]*$/))
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}

/**
 * The path of another model, with its slash, in place of `resource`.
 * @param root what will stand before the path: at Vertex, models have publishers
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
