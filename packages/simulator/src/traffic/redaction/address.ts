import { REDACTED } from './headers.ts'
import type { Secrets } from './secrets.ts'

/** Query parameters that hold a credential. They are ignored when the recording for a request is looked up. */
export const CREDENTIAL_PARAMETERS: ReadonlySet<string> = new Set(
  'key api_key apikey api-key access_token token auth sig signature subscription-key'.split(' '),
)

const HARMLESS_PARAMETERS: ReadonlySet<string> = new Set(
  'alt api-version after before beta include include[] limit order page pageSize stream starting_after'.split(
    ' ',
  ),
)

/**
 * Matches the parts of a path that identify no user: words of an API, versions, and ids that a provider assigned to
 * objects.
 */
const HARMLESS_PART =
  /^(?:v\d\w{0,8}|chat|completions|responses|compact|cancel|embeddings|models|files|content|batches|messages|count_tokens|results|openai|anthropic|google|gemini|api|deployments|publishers|locations|tunedModels|endpoints|audio|speech|transcriptions|translations|images|generations|edits|moderations|uploads|parts|complete|vector_stores|threads|runs|assistants|conversations|items|input_items|input_tokens|operations|cachedContents|upload|(?:file|batch|resp|msgbatch|msg|thread|run|asst|vs|conv)[-_]\w{1,80})$/
/** The parts of a path after which the name of a model may come. */
const BEFORE_MODEL: ReadonlySet<string> = new Set(['models', 'deployments'])
const MODEL = /^[\w.@:-]{1,128}$/

/**
 * Redacts every part of a path that is not known to be harmless, such as the id of an organization. Adds these parts to
 * `secrets`.
 */
export function redactPath(path: string, secrets: Secrets): string {
  const parts = path.split('/')
  return parts
    .map((part, index) => {
      if (part === '' || HARMLESS_PART.test(part)) return part
      if (BEFORE_MODEL.has(parts[index - 1] ?? '') && MODEL.test(part)) return part
      secrets.add(part)
      return REDACTED
    })
    .join('/')
}

/** Redacts the parameters of a query that are not known to be harmless. Adds their values to `secrets`. */
export function redactQuery(query: string, secrets: Secrets): string {
  return [...new URLSearchParams(query)]
    .map(([name, value]) => {
      if (HARMLESS_PARAMETERS.has(name)) return `${name}=${encodeURIComponent(value)}`
      secrets.add(value)
      return `${CREDENTIAL_PARAMETERS.has(name) ? name : REDACTED}=${REDACTED}`
    })
    .join('&')
}
