import { decodePart, type RequestHead, type RequestOperation, type Route } from '../../route.ts'

/** The parts of a path of OpenAI's API, below any root path. */
export interface ApiPath {
  /** The name of the endpoint: `chat/completions`, `models` … */
  name: string
  /** What follows the name, such as an id or an action. Empty if nothing does. */
  rest: string
  /** Azure's deployment, if the path names one. */
  deployment: string | undefined
}

const names = 'chat/completions|responses|embeddings|models|files|batches'
// A version, and `/openai` where other vendors serve OpenAI's API: `/v1`, `/openai/v1`, `/v1beta/openai`.
const versioned = new RegExp(`/v\\d[^/]*(?:/openai)?/(${names})(?:/(.*))?$`)
const deployed = new RegExp(`/openai/deployments/([^/]+)/(${names})$`)
// Azure's paths without a deployment, before it had versions in paths.
const plainAzure = new RegExp(`/openai/(responses|models|files|batches)(?:/(.*))?$`)

/** Splits a path into its parts. Returns undefined if it is not a path of OpenAI's API. */
export function readPath(path: string): ApiPath | undefined {
  const [, deployment, deployedName] = deployed.exec(path) ?? []
  if (deployment !== undefined && deployedName !== undefined) {
    return { name: deployedName, rest: '', deployment: decodePart(deployment) }
  }
  const [, name, rest = ''] = versioned.exec(path) ?? plainAzure.exec(path) ?? []
  return name === undefined ? undefined : { name, rest, deployment: undefined }
}

/**
 * Whether a path belongs to Azure OpenAI. Such a path has `/openai` at its root, not below a version as in
 * `/v1beta/openai`.
 */
export function isAzure(path: string): boolean {
  return /\/openai\//.test(path) && !/\/v\d[^/]*\/openai\//.test(path)
}

export function routeOpenai({ method, path, query }: RequestHead): Route | undefined {
  const api = readPath(path)
  const operation = api && operationOf(method, api)
  if (operation === undefined) return undefined
  const stream =
    operation === 'stored-responses' ? new URLSearchParams(query).get('stream') === 'true' : undefined
  return { wire: 'openai', operation, model: api?.deployment, stream }
}

const generating: Readonly<Record<string, RequestOperation>> = {
  'chat/completions': 'chat',
  responses: 'responses',
  embeddings: 'embeddings',
}

function operationOf(method: string, { name, rest }: ApiPath): RequestOperation | undefined {
  if (name === 'responses' && isStored(method, rest)) return 'stored-responses'
  const operation = generating[name]
  if (operation) return method === 'POST' && rest === '' ? operation : undefined
  if (name === 'models') return method === 'GET' ? 'models' : undefined
  return name === 'files' ? 'files' : 'batches'
}

/** Whether a request reads, deletes or cancels a response that was created before. */
function isStored(method: string, rest: string): boolean {
  if (method === 'POST') return /^[^/]+\/cancel$/.test(rest)
  return (method === 'GET' || method === 'DELETE') && /^[^/]+$/.test(rest)
}
