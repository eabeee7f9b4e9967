import type { JsonBody } from '../../base/json.ts'
import { copyHeaders } from '../../base/readonly-headers.ts'
import type { EndpointFormat, ProviderFormat } from '../protocol.ts'

/** What differs between the endpoints of OpenAI's API. */
interface Endpoint {
  /** The end of the endpoint's path, beginning with a slash; undefined for an endpoint that Harbor does not know. */
  readonly path: string | undefined
  /** Whether the endpoint's address at Azure contains the deployment. @default true */
  readonly hasDeployment?: boolean
  /** Adapts the body to another provider or model, after the name of the model is replaced. @default no other change */
  readonly adapt?: (body: JsonBody, to: AdaptedFor, adaptations: string[]) => JsonBody
  /** Returns the reason why a provider cannot serve a request. @default every provider can */
  readonly whyUnable?: EndpointFormat['whyUnable']
}

export interface AdaptedFor {
  readonly model: string | undefined
  readonly provider: ProviderFormat
}

/**
 * Makes the rules by which requests to an endpoint are addressed and signed for OpenAI, Azure and compatible providers. All these providers
 * have a root URL followed by the endpoint's path, and take the model in the body.
 */
export function openaiEndpoint({ path, hasDeployment = true, adapt, whyUnable }: Endpoint): EndpointFormat {
  return {
    rootOf(url) {
      const at = path === undefined ? -1 : url.lastIndexOf(path)
      return at === -1 ? new URL(url).origin : url.slice(0, at)
    },
    withModel: addressForModel,
    addressAt(provider, _url, model) {
      if (provider.kind !== 'azure') return provider.baseURL + (path ?? '')
      const version = `?api-version=${encodeURIComponent(provider.apiVersion)}`
      const deployment = hasDeployment ? `/deployments/${encodeURIComponent(model ?? '')}` : ''
      return `${provider.baseURL}/openai${deployment}${path ?? ''}${version}`
    },
    signed({ url, headers: given }, { kind }, key) {
      const headers = copyHeaders(given)
      if (kind === 'azure') headers.set('api-key', key)
      else headers.set('authorization', `Bearer ${key}`)
      return { url, headers }
    },
    credentialIn: () => '',
    withoutCredential: (url) => url,
    probeURL: (root, { kind, apiVersion }) =>
      kind === 'azure'
        ? `${root}/openai/models?api-version=${encodeURIComponent(apiVersion)}`
        : `${root}/models`,
    carriesHeader: () => false,
    ...(whyUnable && { whyUnable }),
    adaptBody(body, model, provider, adaptations) {
      const named = model === undefined || body['model'] === model ? body : { ...body, model }
      // A request to the provider and model that its caller chose is not adapted: its parameter names are the caller's choice, too.
      return adapt && !(provider.native && named === body)
        ? adapt(named, { model, provider }, adaptations)
        : named
    },
    quotaModelOf: (model) => model,
  }
}

/** Whether a base URL is OpenAI's own, in any of its regions. */
export function isOpenAI(baseURL: string): boolean {
  return /^https:\/\/(?:[a-z]+\.)?api\.openai\.com\/v1$/.test(baseURL)
}

/** The deployment in an address of Azure. The deployment decides which model answers, whatever model the body names. */
const DEPLOYMENT = /(\/deployments\/)[^/?#]+/

/**
 * Replaces the model in an address whose path names it, either as Azure's deployment or as a path segment with the model's own name.
 * Other addresses are returned unchanged.
 * @param from the model that the address was made for
 * @param model the model to put in its place
 */
export function addressForModel(url: string, from: string | undefined, model: string | undefined): string {
  if (model === undefined || model === from) return url
  if (DEPLOYMENT.test(url))
    return url.replace(DEPLOYMENT, (_, before: string) => before + encodeURIComponent(model))
  if (from === undefined || from === '') return url
  const end = url.search(/[?#]/)
  const path = end === -1 ? url : url.slice(0, end)
  for (const [name, other] of [
    [from, model],
    [encodeURIComponent(from), encodeURIComponent(model)],
  ] as const) {
    const at = `${path}/`.lastIndexOf(`/${name}/`)
    // A match in the host is not the model's path segment, even if the host has the model's name.
    if (at > path.indexOf('://') + 2) return url.slice(0, at + 1) + other + url.slice(at + 1 + name.length)
  }
  return url
}
