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
