import type { JsonBody } from '../../base/json.ts'
import { copyHeaders } from '../../base/readonly-headers.ts'
import type { EndpointFormat, ProviderFormat } from '../protocol.ts'
import { addressForModel } from './model-in-path.ts'

/** What differs between the endpoints of OpenAI's API. */
interface Endpoint {
  /** Begins with a slash; undefined where Harbor does not know it. */
  readonly path: string | undefined
  /** Whether Azure's address names a deployment. @default true */
  readonly hasDeployment?: boolean
  /** Changes more of a body than its model for a provider. @default nothing is changed */
  readonly adapt?: (body: JsonBody, to: AdaptedFor, adaptations: string[]) => JsonBody
}

export interface AdaptedFor {
  readonly model: string | undefined
  readonly provider: ProviderFormat
}

/** An endpoint of OpenAI's API, as OpenAI, Azure and compatible providers serve it: a path under a root, the model in the body. */
export function openaiEndpoint({ path, hasDeployment = true, adapt }: Endpoint): EndpointFormat {
  return {
    rootOf(url) {
      const at = path === undefined ? -1 : url.lastIndexOf(path)
      return at === -1 ? new URL(url).origin : url.slice(0, at)
    },
    withModel: addressForModel,
    addressAt(provider, _url, model) {
      if (provider.kind === 'openai') return provider.baseURL + (path ?? '')
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
    probeURL: (root, { kind, apiVersion }) =>
      kind === 'azure'
        ? `${root}/openai/models?api-version=${encodeURIComponent(apiVersion)}`
        : `${root}/models`,
    carriesHeader: () => false,
    adaptBody(body, model, provider, adaptations) {
      const named = model === undefined || body['model'] === model ? body : { ...body, model }
      // What goes where its caller sent it keeps the names that its caller chose.
      return adapt && !(provider.native && named === body)
        ? adapt(named, { model, provider }, adaptations)
        : named
    },
    quotaModelOf: (model) => model,
  }
}

/** Whether this is OpenAI itself, in any of its regions. */
export function isOpenAI(baseURL: string): boolean {
  return /^https:\/\/(?:[a-z]+\.)?api\.openai\.com\/v1$/.test(baseURL)
}
