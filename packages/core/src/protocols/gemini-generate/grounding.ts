import { isRecord, type JsonBody } from '../../base/json.ts'
import { addUses, type ToolUses } from '../shared/tool-uses.ts'
import { fieldOf, listAt, partsIn } from './fields.ts'

/** The number of queries assumed for a request that may search. The model decides how many it makes. */
const USUAL_QUERIES = 10
/** The maximum number of different queries of one answer that are counted. */
const MAX_QUERIES = 1_000
/** The maximum number of web addresses that a request with `urlContext` may read: https://ai.google.dev/gemini-api/docs/url-context */
const MAX_URLS = 20

/**
 * The names under which the uses of Google's tools are counted. Google charges for each prompt that was answered with such a tool or, from
 * Gemini 3 on, for each query, so both are counted.
 */
const SEARCH = { prompts: 'google_search_prompts', queries: 'google_search_queries' } as const
const MAPS = { prompts: 'google_maps_prompts', queries: 'google_maps_queries' } as const
const RETRIEVAL = 'retrieval_requests'

/** The tools in a request that cost nothing but tokens, and those that are counted under another name than their own. */
const TOOLS: Readonly<Record<string, typeof SEARCH | typeof MAPS | 'free'>> = {
  codeExecution: 'free',
  computerUse: 'free',
  fileSearch: 'free',
  functionDeclarations: 'free',
  mcpServers: 'free',
  urlContext: 'free',
  googleSearch: SEARCH,
  googleSearchRetrieval: SEARCH,
  googleMaps: MAPS,
}

/**
 * Estimates how often Google may use its own tools for a request. A tool that is not known to be free counts, also if Harbor does not know
 * it.
 */
export function toolUsesOfRequest(body: JsonBody): ToolUses {
  let uses: Record<string, number> | undefined
  for (const tool of listAt(body, 'tools')) {
    for (const field in tool) {
      const name = camelOf(field)
      const known = Object.hasOwn(TOOLS, name) ? TOOLS[name] : undefined
      if (known === 'free') continue
      if (known) uses = { ...uses, [known.prompts]: 1, [known.queries]: USUAL_QUERIES }
      else uses = addUses(uses, requestsOf(name), 1)
    }
  }
  return uses
}

function camelOf(field: string): string {
  return field.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

/** Returns the name under which the uses of a tool that Harbor does not know are counted, such as `exa_ai_search_requests`. */
function requestsOf(tool: string): string {
  const name = tool.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
  return /^[a-z]\w{0,54}$/.test(name) ? `${name}_requests` : 'other_requests'
}

/** Returns the number of web addresses in a request that lets the model read them; 0 if it does not. */
export function readableUrls(body: JsonBody): number {
  if (!listAt(body, 'tools').some((tool) => fieldOf(tool, 'urlContext') != null)) return 0
  let count = 0
  for (const { text } of partsIn(body))
    if (typeof text === 'string') count += text.match(/https?:\/\//g)?.length ?? 0
  return Math.min(count, MAX_URLS)
}

/** Counts how often Google used its own tools for an answer, by the `groundingMetadata` of its candidates and of their chunks. */
export class Grounding {
  #queries: Set<string> | undefined
  #longest = 0
  #searched = false
  #places = 0
  #retrievals = 0

  read({ candidates }: JsonBody): void {
    if (!Array.isArray(candidates)) return
    for (const candidate of candidates as readonly unknown[]) {
      // Most chunks of a stream have no such field.
      const metadata = isRecord(candidate) ? candidate['groundingMetadata'] : undefined
      if (isRecord(metadata)) this.#readMetadata(metadata)
    }
  }

  /** How often each tool was used; undefined if none was. */
  get uses(): ToolUses {
    const queries = Math.max(this.#queries?.size ?? 0, this.#longest)
    if (!this.#searched && queries + this.#places + this.#retrievals === 0) return undefined
    const uses: Record<string, number> = {}
    if (this.#searched || queries > 0) {
      uses[SEARCH.prompts] = 1
      uses[SEARCH.queries] = Math.max(queries, 1)
    }
    if (this.#places > 0) {
      uses[MAPS.prompts] = 1
      // The answer does not report the queries. Each of them found at least one of the places.
      uses[MAPS.queries] = this.#places
    }
    if (this.#retrievals > 0) uses[RETRIEVAL] = this.#retrievals
    return uses
  }

  #readMetadata(metadata: JsonBody): void {
    const web = textsAt(metadata, 'webSearchQueries')
    const images = textsAt(metadata, 'imageSearchQueries')
    this.#longest = Math.max(this.#longest, web.length + images.length)
    for (const query of [...web, ...images]) this.#add(query)
    this.#retrievals = Math.max(this.#retrievals, textsAt(metadata, 'retrievalQueries').length)
    const chunks = listAt(metadata, 'groundingChunks')
    this.#searched ||=
      isRecord(metadata['searchEntryPoint']) || chunks.some(({ web: page }) => isRecord(page))
    this.#places = Math.max(this.#places, chunks.filter(({ maps }) => isRecord(maps)).length)
  }

  #add(query: string): void {
    this.#queries ??= new Set()
    if (this.#queries.size < MAX_QUERIES) this.#queries.add(query)
  }
}

/** Returns the texts of a list that are not empty. Google does not charge for an empty query. */
function textsAt(metadata: JsonBody, name: string): readonly string[] {
  const list = metadata[name]
  if (!Array.isArray(list)) return []
  return list.slice(0, MAX_QUERIES).filter((each): each is string => typeof each === 'string' && each !== '')
}
