import type { LanguageModelV4 } from '@ai-sdk/provider'

type Urls = Record<string, RegExp[]>

/**
 * Returns the URLs that all models support, by media type. The AI SDK downloads a file with any other URL, so that each model can read it.
 * A pattern is kept if every model has the same one: whether two different patterns overlap cannot be decided in general.
 */
export async function urlsOfAll(models: readonly LanguageModelV4[]): Promise<Urls> {
  const [first = {}, ...others] = await Promise.all(models.map(async (model) => await model.supportedUrls))
  const common: Urls = {}
  for (const [type, patterns] of Object.entries(first)) {
    const shared = patterns.filter((pattern) => others.every((urls) => supports(urls, type, pattern)))
    if (shared.length > 0) common[type] = shared
  }
  return common
}

/** Whether a pattern stands under the media type itself, or under a wildcard that includes it, such as `image/*`. */
function supports(urls: Urls, type: string, pattern: RegExp): boolean {
  const [kind = ''] = type.split('/')
  return [type, `${kind}/*`, '*/*', '*'].some((key) =>
    urls[key]?.some((other) => other.source === pattern.source && other.flags === pattern.flags),
  )
}
