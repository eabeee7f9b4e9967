/** Azure's addresses name a deployment, whatever the body says. */
const DEPLOYMENT = /(\/deployments\/)[^/?#]+/

/**
 * The address for another model of the same provider, where the model stands in the path: as Azure's deployment, or under its
 * own name, as at providers that give each model an address.
 * @param from the model that the address was made for
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
    // A host is no path, also where a model is named like it.
    if (at > path.indexOf('://') + 2) return url.slice(0, at + 1) + other + url.slice(at + 1 + name.length)
  }
  return url
}
